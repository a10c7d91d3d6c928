/**
 * Joins the rooms: rules and osquery's rows in, alerts out.
 *
 * Owns the detector (reader, process tree and engine at work together), what an alert is, the verdict on what of
 * a rule can be seen, the table `detections`, and the life of the extension. Knows how osquery calls us only
 * through the osquery room's door.
 */
export { type Alert, createAlert, type EventRef } from './alert.ts';
export { BatchError, readBatch } from './batch/index.ts';
export { createDetection, type Detection } from './detect.ts';
export { createDetectionsTable, type Detect } from './detections-table.ts';
export { Detector } from './detector.ts';
export { diagnose } from './doctor/diagnose.ts';
export type { Finding } from './doctor/facts.ts';
export { type ExtensionOptions, runAgent } from './extension.ts';
export { type Plan, planRules } from './plan.ts';
export { createTableNamer, type ReplayOptions, type ReplaySummary, replay } from './replay.ts';
export { type RuleReport, reportRules } from './rule-report.ts';
export { loadSettings, type Settings, SettingsError } from './settings.ts';
export { flawOf } from './trust.ts';
export { judgeRule, type Need, type RuleVerdict } from './verdict.ts';
