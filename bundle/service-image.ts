import { accountOf } from "../shared/install/grants.ts";
import { installedRuntime } from "../shared/install/node-runtimes.ts";

const base = `node:${installedRuntime.replace("nodejs", "")}-slim`;

/**
 * The image of the HTTP service. The Node that will run it compiles it, as the user that will run it: both are part of the
 * cache's name (nodejs.org, "Module compile cache").
 */
export const dockerfile = `# Written by \`npm run bundle\`. Nothing is fetched but the base image. To pin that too:
#   --build-arg NODE_IMAGE=node@sha256:...
ARG NODE_IMAGE=${base}
FROM \${NODE_IMAGE}
WORKDIR /home/node/gantry
COPY . .
RUN install -d -o node -g node .compile-cache
USER node
RUN node compile.mjs
ENV NODE_ENV=production
CMD ["node", "start.mjs"]
`;

/**
 * How Cloud Build makes it: as an account that may write images and nothing else, with its log where that account may write
 * one (https://cloud.google.com/build/docs/securing-builds/configure-user-specified-service-accounts).
 */
export const cloudBuildFile = `# Written by \`npm run bundle\`. gcloud builds submit --config cloudbuild.yaml --substitutions _IMAGE=...
steps:
  - name: gcr.io/cloud-builders/docker
    args: [build, --pull, --build-arg, NODE_IMAGE=$_NODE_IMAGE, --tag, $_IMAGE, .]
images: [$_IMAGE]
substitutions: { _NODE_IMAGE: "${base}" }
serviceAccount: projects/$PROJECT_ID/serviceAccounts/${accountOf("packager", "$PROJECT_ID")}
options: { logging: CLOUD_LOGGING_ONLY }
timeout: 600s
`;
