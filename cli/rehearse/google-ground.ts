import {
  type GoogleEmulator,
  startFirestoreEmulator,
  startPubSubEmulator,
} from "../../emulator/google/google-emulator.ts";
import { findGooglePrograms } from "../../emulator/google/google-programs.ts";
import { Complaint, nothingChanged } from "../complaint.ts";
import { type GantryPrograms, gantryPrograms } from "./gantry-programs.ts";

/** What all rehearsals on Google's engine share: a project of its own keeps each apart from the others. */
export type GoogleGround = Readonly<{
  pubsub: GoogleEmulator;
  firestore: GoogleEmulator;
  programs: GantryPrograms;
  close: () => Promise<void>;
}>;

/** Starts Google's emulators. @throws Complaint where they are not on this machine. */
export async function startGoogleGround(
  env: Readonly<Record<string, string | undefined>>,
): Promise<GoogleGround> {
  const here = await findGooglePrograms(env);
  if ("missing" in here)
    throw new Complaint({
      code: "emulators-missing",
      happened: "Google's emulators cannot be started",
      traffic: nothingChanged,
      why: here.missing,
      next: [
        "gcloud components install pubsub-emulator cloud-firestore-emulator",
        "gantry rehearse   # the same on the embedded engine, which needs neither",
      ],
    });
  const stops: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(stops.map((stop) => stop()));
  };
  const kept = async (starting: Promise<GoogleEmulator>): Promise<GoogleEmulator> => {
    const emulator = await starting;
    stops.push(emulator.stop);
    return emulator;
  };
  const started = await Promise.allSettled([
    kept(startPubSubEmulator(here.found)),
    kept(startFirestoreEmulator(here.found)),
    gantryPrograms().then((programs) => {
      stops.push(programs.remove);
      return programs;
    }),
  ] as const);
  const [pubsub, firestore, programs] = started;
  if (pubsub.status === "fulfilled" && firestore.status === "fulfilled" && programs.status === "fulfilled")
    return { pubsub: pubsub.value, firestore: firestore.value, programs: programs.value, close };
  await close();
  const failed = started.find(({ status }) => status === "rejected");
  throw failed?.status === "rejected" ? failed.reason : new Error("Google's emulators did not start");
}
