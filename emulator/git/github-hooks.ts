import { Hono } from "hono";
import { type GithubEnv, notFound, page } from "./github-answer.ts";
import { type Delivery, hookId, type WebhookSender } from "./webhook-delivery.ts";

/** The webhook of a repository, its deliveries, and their redelivery by hand. */
export function hookRoutes(webhooks: WebhookSender): Hono<GithubEnv> {
  const routes = new Hono<GithubEnv>();
  routes.get("/hooks", (context) => {
    const events = ["create", "delete", "push"];
    return context.json([{ id: hookId, type: "Repository", name: "web", active: true, events }]);
  });
  routes.get(`/hooks/${hookId}/deliveries`, (context) => {
    const deliveries = webhooks.deliveries(context.get("place").fullName);
    return context.json(page(context, deliveries).map(summary));
  });
  routes.get(`/hooks/${hookId}/deliveries/:id`, (context) => {
    const delivery = webhooks.find(Number(context.req.param("id")));
    return delivery === null ? notFound(context) : context.json(delivery);
  });
  routes.post(`/hooks/${hookId}/deliveries/:id/attempts`, async (context) => {
    const delivery = await webhooks.redeliver(Number(context.req.param("id")));
    return delivery === null ? notFound(context) : context.json({}, 202);
  });
  return routes;
}

function summary({ request: _request, response: _response, ...shown }: Delivery): object {
  return shown;
}
