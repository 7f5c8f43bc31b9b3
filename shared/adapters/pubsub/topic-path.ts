import { topics } from "../../ports/bus.ts";

/** Where the topics are. `prefix` tells the installations of one project apart; "" for the only one. */
export type TopicPlace = Readonly<{ project: string; prefix: string }>;

/** The topic's id in Pub/Sub. Cloud Build's own is what Cloud Build calls it. */
export function topicId(topic: string, { prefix }: Pick<TopicPlace, "prefix">): string {
  return topic === topics.builds ? topic : `${prefix}${topic}`;
}

/** The topic's whole name, as the API wants it. */
export function topicPath(topic: string, place: TopicPlace): string {
  return `projects/${place.project}/topics/${topicId(topic, place)}`;
}

/** The topic in Gantry's own words, of an id in Pub/Sub; null = it is of another installation. */
export function topicOf(id: string, { prefix }: Pick<TopicPlace, "prefix">): string | null {
  if (id === topics.builds) return id;
  return id.startsWith(prefix) ? id.slice(prefix.length) : null;
}
