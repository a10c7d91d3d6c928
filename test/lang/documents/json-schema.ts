/** As much of JSON Schema as our schemas use. */
export interface JsonSchema {
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, JsonSchema>>;
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly items?: JsonSchema;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: boolean;
  readonly anyOf?: readonly JsonSchema[];
  readonly allOf?: readonly JsonSchema[];
  readonly not?: JsonSchema;
}

const NOTES = ['$schema', '$defs', 'title', 'description', 'default', 'examples', 'additionalProperties'];

/** Whether a value fits a schema. Throws on a keyword that it does not know. */
export function fits(value: unknown, schema: JsonSchema, root: JsonSchema = schema): boolean {
  return Object.entries(schema).every(([keyword, says]) => {
    if (keyword === 'additionalProperties') return hasOnlyKnown(value, schema);
    if (NOTES.includes(keyword)) return true;
    const test = KEYWORDS[keyword];
    if (test === undefined) throw new Error(`unknown keyword of JSON Schema: ${keyword}`);
    return test(value, says as never, root);
  });
}

type Keys = Readonly<Record<string, unknown>>;

const KEYWORDS: Readonly<Record<string, (value: unknown, says: never, root: JsonSchema) => boolean>> = {
  $ref: (value, says: string, root) => fits(value, root.$defs![says.replace('#/$defs/', '')]!, root),
  type: (value, says: string) => typeOf(value) === says || (says === 'number' && typeOf(value) === 'integer'),
  enum: (value, says: readonly unknown[]) => says.includes(value),
  const: (value, says) => value === says,
  pattern: (value, says: string) => typeof value !== 'string' || new RegExp(says, 'u').test(value),
  minimum: (value, says: number) => typeof value !== 'number' || value >= says,
  maximum: (value, says: number) => typeof value !== 'number' || value <= says,
  minItems: (value, says: number) => !Array.isArray(value) || value.length >= says,
  maxItems: (value, says: number) => !Array.isArray(value) || value.length <= says,
  items: (value, says: JsonSchema, root) =>
    !Array.isArray(value) || value.every((one) => fits(one, says, root)),
  required: (value, says: readonly string[]) => !isTable(value) || says.every((key) => key in value),
  properties: (value, says: Readonly<Record<string, JsonSchema>>, root) =>
    !isTable(value) ||
    Object.entries(says).every(([key, schema]) => !(key in value) || fits(value[key], schema, root)),
  anyOf: (value, says: readonly JsonSchema[], root) => says.some((schema) => fits(value, schema, root)),
  allOf: (value, says: readonly JsonSchema[], root) => says.every((schema) => fits(value, schema, root)),
  not: (value, says: JsonSchema, root) => !fits(value, says, root),
};

function hasOnlyKnown(value: unknown, schema: JsonSchema): boolean {
  return !isTable(value) || Object.keys(value).every((key) => key in (schema.properties ?? {}));
}

function isTable(value: unknown): value is Keys {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function typeOf(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  return Number.isInteger(value) ? 'integer' : typeof value;
}
