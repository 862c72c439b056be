/** The words of the dashboard. */
import type { Language } from '../../faces/explain.ts'
import { EN } from './words-en.ts'
import { JA } from './words-ja.ts'
import type { UiWords } from './words-type.ts'

export const WORDS: Record<Language, UiWords> = { en: EN, ja: JA }
