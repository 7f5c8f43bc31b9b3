import { expect } from "chai";
import type { Command, RefusalCode } from "../../shared/domain/commands.ts";
import { decide } from "../../shared/domain/decide.ts";
import type { EventType, ServiceEvent } from "../../shared/domain/events.ts";
import { evolveAll } from "../../shared/domain/evolve.ts";
import { newService, type ServiceState } from "../../shared/domain/service-state.ts";
import { serviceKey } from "./fixtures.ts";

type Then = Readonly<{
  state: ServiceState;
  events: readonly ServiceEvent[];
  /** The types of what happened, in order. */
  happens: (...types: readonly EventType[]) => ServiceState;
  isRefused: (code: RefusalCode) => string;
  changesNothing: () => void;
}>;

/** Folds commands over a state; each must be accepted. */
function after(state: ServiceState, ...commands: readonly Command[]): ServiceState {
  return commands.reduce<ServiceState>((before, command) => {
    const decision = decide(command, before);
    if (!decision.ok) throw new Error(`${command.type} was refused: ${decision.refusal.message}`);
    return evolveAll(before, decision.events);
  }, state);
}

/** Given what was commanded before, when this is commanded, then … */
export function given(
  ...history: readonly Command[]
): Readonly<{ state: ServiceState; when: (command: Command) => Then }> {
  return givenState(after(newService(serviceKey()), ...history));
}

function givenState(
  state: ServiceState,
): Readonly<{ state: ServiceState; when: (command: Command) => Then }> {
  return { state, when: (command) => outcome(state, command) };
}

/** Goes on from a state with more commands. */
export function carryOn(
  state: ServiceState,
  ...commands: readonly Command[]
): Readonly<{ state: ServiceState; when: (command: Command) => Then }> {
  return givenState(after(state, ...commands));
}

function outcome(before: ServiceState, command: Command): Then {
  const decision = decide(command, before);
  const events = decision.ok ? decision.events : [];
  const state = evolveAll(before, events);
  return {
    state,
    events,
    happens: (...types) => {
      if (!decision.ok) expect.fail(`refused: ${decision.refusal.code} ${decision.refusal.message}`);
      expect(events.map(({ type }) => type)).to.deep.equal(types);
      return state;
    },
    isRefused: (code) => {
      if (decision.ok) expect.fail(`expected ${code}, but it was accepted`);
      expect(decision.refusal.code).to.equal(code);
      expect(decision.refusal.next).to.match(/^gantry /);
      return decision.refusal.message;
    },
    changesNothing: () => {
      expect(decision).to.deep.equal({ ok: true, events: [] });
      expect(state).to.equal(before);
    },
  };
}
