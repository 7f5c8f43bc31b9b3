import { z } from "zod";
import { ownTopics, schedule } from "../../shared/install/google-parts.ts";
import { topics } from "../../shared/ports/bus.ts";
import { type Finding, findings, unanswered } from "./finding.ts";
import type { GoogleApi } from "./google-api.ts";
import type { Target } from "./target.ts";

const topicsShape = z.object({ topics: z.array(z.object({ name: z.string() })).default([]) });

/** Gantry's topics, and Cloud Build's in each project that builds. */
export async function checkTopics(
  api: GoogleApi,
  { project, services }: Target,
): Promise<readonly Finding[]> {
  const projects = [...new Set([project, ...services.map((service) => service.project)])];
  const found = await Promise.all(projects.map((one) => topicsOf(api, one)));
  return projects.flatMap((one, index) => {
    const answer = found[index];
    if (answer === undefined) return [];
    if (!answer.ok) return [unanswered("topics", `the topics of ${one}`, answer, one)];
    const names = new Set(answer.value.topics.map(({ name }) => name.split("/").at(-1) ?? ""));
    const builds = services.some((service) => service.project === one) ? [cloudBuilds(one, names)] : [];
    return [...(one === project ? [own(one, names)] : []), ...builds];
  });
}

function topicsOf(api: GoogleApi, project: string) {
  return api.get(`pubsub.googleapis.com/v1/projects/${project}/topics?pageSize=1000`, topicsShape);
}

function own(project: string, names: ReadonlySet<string>): Finding {
  const { ok, broken } = findings("topics");
  const missing = ownTopics.filter((name) => !names.has(name));
  if (missing.length === 0) return ok(`all ${ownTopics.length} topics are there`);
  const commands = missing.map((name) => `gcloud pubsub topics create ${name} --project ${project}`);
  return broken(`topics are missing: ${missing.join(", ")}`, "What is handed on there is lost.", ...commands);
}

function cloudBuilds(project: string, names: ReadonlySet<string>): Finding {
  const { ok, warning } = findings("cloud-builds");
  if (names.has(topics.builds)) return ok(`Cloud Build tells ${project} of its builds`);
  return warning(
    `${project} has no topic ${topics.builds}`,
    "Cloud Build publishes to it and does not make it: the end of a build is seen only when the sweep asks.",
    `gcloud pubsub topics create ${topics.builds} --project ${project}`,
  );
}

const jobsShape = z.object({
  jobs: z
    .array(
      z.object({
        name: z.string(),
        state: z.string().optional(),
        schedule: z.string().default(""),
        timeZone: z.string().default("UTC"),
        pubsubTarget: z.object({ topicName: z.string() }).optional(),
        status: z.object({ code: z.number().optional(), message: z.string().optional() }).optional(),
      }),
    )
    .default([]),
});

/** The two clocks. */
export async function checkSchedule(
  api: GoogleApi,
  { project, region }: Target,
): Promise<readonly Finding[]> {
  const { ok, broken } = findings("schedule");
  const url = `cloudscheduler.googleapis.com/v1/projects/${project}/locations/${region}/jobs`;
  const answer = await api.get(url, jobsShape);
  if (!answer.ok) return [unanswered("schedule", "the scheduler jobs", answer, project)];
  return schedule.map(({ name, topic, cron }) => {
    const job = answer.value.jobs.find((one) => one.name.endsWith(`/jobs/${name}`));
    const means = "Nothing that is due by the clock happens: no timer ends, no lost message is sent again.";
    if (job?.pubsubTarget?.topicName.endsWith(`/topics/${topic}`) !== true)
      return broken(`no job ${name} in ${region} publishes to ${topic}`, means, "terraform apply");
    if (job.state !== "ENABLED")
      return broken(
        `the job ${name} is ${job.state ?? "off"}`,
        means,
        `gcloud scheduler jobs resume ${name} --location ${region} --project ${project}`,
      );
    if (job.schedule !== cron)
      return broken(
        `the job ${name} runs at "${job.schedule}", in ${job.timeZone}`,
        `It has to run each minute. ${means}`,
        `gcloud scheduler jobs update pubsub ${name} --location ${region} --project ${project} --schedule='${cron}'`,
      );
    const { code = 0, message = "" } = job.status ?? {};
    if (code !== 0)
      return broken(
        `the job ${name} failed at its last run`,
        `${means} ${message}`,
        `gcloud scheduler jobs run ${name} --location ${region} --project ${project}`,
      );
    return ok(`${name} ticks`);
  });
}
