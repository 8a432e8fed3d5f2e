export { HistoryError } from './history-error.ts'
export { appendGeneration, type History, readHistory } from './history-folder.ts'
