/** The words of a step, for people: what it is called and why it is there. Every package that plans steps has them in English and Japanese. */
export type StepText = {
  title: string
  why: string
  /** Where the shell lines of the step do something else than its calls: what. */
  shell?: string
}

/** By step id. `mount.*` stands for a family of steps. */
export type Messages = Record<string, { en: StepText; ja: StepText }>
