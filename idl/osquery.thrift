// The API between osqueryd and its extensions, by the names and field numbers that osquery uses
// (osquery/extensions/thrift/osquery.thrift there). `npm run generate` makes src/osquery/thrift/gen/ from it.
//
// One thing is declared otherwise on purpose: the values of requests and rows are `binary` here and `string` there.
// The bytes on the wire are the same; but osquery puts texts there that it never checked (a command line, a file
// name), so they need not be UTF-8, and as `binary` they can be read without loss.

// What a plugin is asked, and the rows it answers.
typedef map<string, binary> ExtensionPluginRequest
typedef list<map<string, binary>> ExtensionPluginResponse

// A flag of osqueryd: its value now, its value when not set, its type's name.
struct InternalOptionInfo {
  1: string value,
  2: string default_value,
  3: string type,
}

// Flags by name.
typedef map<string, InternalOptionInfo> InternalOptionList

// How an extension presents itself.
struct InternalExtensionInfo {
  1: string name,
  2: string version,
  3: string sdk_version,
  4: string min_sdk_version,
}

// Given by the manager at registration; the extension listens on the manager's path, a dot, and this number.
typedef i64 ExtensionRouteUUID

// Plugin name to what core must know of it (a table's columns); registry name to its plugins.
typedef map<string, ExtensionPluginResponse> ExtensionRouteTable
typedef map<string, ExtensionRouteTable> ExtensionRegistry

// The registered extensions.
typedef map<ExtensionRouteUUID, InternalExtensionInfo> InternalExtensionList

enum ExtensionCode {
  EXT_SUCCESS = 0,
  EXT_FAILED = 1,
  EXT_FATAL = 2,
}

// How a call went. `uuid` matters in the answer to a registration.
struct ExtensionStatus {
  1: i32 code,
  2: string message,
  3: ExtensionRouteUUID uuid,
}

struct ExtensionResponse {
  1: ExtensionStatus status,
  2: ExtensionPluginResponse response,
}

// Declared by osquery, thrown by none of the methods.
exception ExtensionException {
  1: i32 code,
  2: string message,
  3: ExtensionRouteUUID uuid,
}

// What an extension serves.
service Extension {
  ExtensionStatus ping(),
  ExtensionResponse call(
    1: string registry,
    2: string item,
    3: ExtensionPluginRequest request,
  ),
  void shutdown(),
}

// What osqueryd serves.
service ExtensionManager extends Extension {
  InternalExtensionList extensions(),
  InternalOptionList options(),
  ExtensionStatus registerExtension(
    1: InternalExtensionInfo info,
    2: ExtensionRegistry registry,
  ),
  ExtensionStatus deregisterExtension(
    1: ExtensionRouteUUID uuid,
  ),
  ExtensionResponse query(
    1: string sql,
  ),
  ExtensionResponse getQueryColumns(
    1: string sql,
  ),
}
