/**
 * The columns of the tables that are read, as osquery declares them: table specifications of the development head
 * of August 2026 (https://github.com/osquery/osquery, `specs/`). `!` marks a hidden column, which only a query that
 * names it gets. A test holds these texts against osquery's own schema.
 */
export const DECLARED = {
  process_events: {
    platforms: ['linux', 'darwin'],
    all: 'pid:BIGINT path:TEXT mode:TEXT cmdline:TEXT cmdline_size:BIGINT! env:TEXT! env_count:BIGINT! env_size:BIGINT! cwd:TEXT auid:BIGINT uid:BIGINT euid:BIGINT gid:BIGINT egid:BIGINT owner_uid:BIGINT owner_gid:BIGINT atime:BIGINT mtime:BIGINT ctime:BIGINT btime:BIGINT overflows:TEXT! parent:BIGINT time:BIGINT uptime:BIGINT eid:TEXT!',
    darwin: 'status:BIGINT',
    linux: 'fsuid:BIGINT suid:BIGINT fsgid:BIGINT sgid:BIGINT syscall:TEXT',
  },
  process_file_events: {
    platforms: ['linux'],
    all: 'operation:TEXT pid:BIGINT ppid:BIGINT time:BIGINT executable:TEXT partial:TEXT cwd:TEXT path:TEXT dest_path:TEXT uid:TEXT gid:TEXT auid:TEXT euid:TEXT egid:TEXT fsuid:TEXT fsgid:TEXT suid:TEXT sgid:TEXT uptime:BIGINT eid:TEXT!',
  },
  file_events: {
    platforms: ['linux', 'darwin'],
    all: 'target_path:TEXT category:TEXT action:TEXT transaction_id:BIGINT inode:BIGINT uid:BIGINT gid:BIGINT mode:TEXT size:BIGINT atime:BIGINT mtime:BIGINT ctime:BIGINT md5:TEXT sha1:TEXT sha256:TEXT hashed:INTEGER time:BIGINT eid:TEXT!',
  },
  socket_events: {
    platforms: ['linux', 'darwin'],
    all: 'action:TEXT pid:BIGINT path:TEXT fd:TEXT auid:BIGINT family:INTEGER protocol:INTEGER! local_address:TEXT remote_address:TEXT local_port:INTEGER remote_port:INTEGER socket:TEXT! time:BIGINT uptime:BIGINT eid:TEXT! success:INTEGER!',
    linux: 'status:TEXT',
  },
  user_events: {
    platforms: ['linux', 'darwin'],
    all: 'uid:BIGINT auid:BIGINT pid:BIGINT message:TEXT type:INTEGER path:TEXT address:TEXT terminal:TEXT time:BIGINT uptime:BIGINT eid:TEXT!',
  },
  apparmor_events: {
    platforms: ['linux'],
    all: 'type:TEXT message:TEXT time:BIGINT uptime:BIGINT eid:TEXT! apparmor:TEXT operation:TEXT parent:UNSIGNED_BIGINT profile:TEXT name:TEXT pid:UNSIGNED_BIGINT comm:TEXT denied_mask:TEXT capname:TEXT fsuid:UNSIGNED_BIGINT ouid:UNSIGNED_BIGINT capability:BIGINT requested_mask:TEXT info:TEXT error:TEXT namespace:TEXT label:TEXT',
  },
  syslog_events: {
    platforms: ['linux'],
    all: 'time:BIGINT datetime:TEXT host:TEXT severity:INTEGER facility:TEXT tag:TEXT message:TEXT eid:TEXT!',
  },
  es_process_events: {
    platforms: ['darwin'],
    all: 'version:INTEGER seq_num:BIGINT global_seq_num:BIGINT pid:BIGINT pidversion:BIGINT path:TEXT parent:BIGINT original_parent:BIGINT session_id:BIGINT responsible_pid:BIGINT responsible_pidversion:BIGINT parent_pidversion:BIGINT cmdline:TEXT cmdline_count:BIGINT env:TEXT env_count:BIGINT cwd:TEXT uid:BIGINT euid:BIGINT gid:BIGINT egid:BIGINT username:TEXT signing_id:TEXT team_id:TEXT cdhash:TEXT platform_binary:INTEGER exit_code:INTEGER child_pid:BIGINT time:BIGINT event_type:TEXT eid:TEXT! codesigning_flags:TEXT',
  },
  es_process_file_events: {
    platforms: ['darwin'],
    all: 'version:INTEGER seq_num:BIGINT global_seq_num:BIGINT pid:BIGINT parent:BIGINT path:TEXT filename:TEXT dest_filename:TEXT event_type:TEXT time:BIGINT eid:TEXT!',
  },
  process_etw_events: {
    platforms: ['windows'],
    all: 'type:TEXT pid:BIGINT ppid:BIGINT session_id:INTEGER flags:INTEGER exit_code:INTEGER path:TEXT cmdline:TEXT username:TEXT token_elevation_type:TEXT token_elevation_status:INTEGER mandatory_label:TEXT datetime:DATETIME time_windows:BIGINT! time:BIGINT! eid:INTEGER! header_pid:BIGINT! process_sequence_number:BIGINT! parent_process_sequence_number:BIGINT!',
  },
  dns_lookup_events: {
    platforms: ['windows'],
    all: 'eid:INTEGER! time:BIGINT! time_windows:BIGINT! datetime:DATETIME pid:BIGINT path:TEXT username:TEXT name:TEXT type:TEXT type_id:INTEGER status:INTEGER response:TEXT',
  },
  powershell_events: {
    platforms: ['windows'],
    all: 'time:BIGINT datetime:TEXT script_block_id:TEXT script_block_count:INTEGER script_text:TEXT script_name:TEXT script_path:TEXT cosine_similarity:DOUBLE',
  },
  ntfs_journal_events: {
    platforms: ['windows'],
    all: 'action:TEXT category:TEXT old_path:TEXT path:TEXT record_timestamp:TEXT record_usn:TEXT node_ref_number:TEXT parent_ref_number:TEXT drive_letter:TEXT file_attributes:TEXT partial:BIGINT time:BIGINT eid:TEXT!',
  },
  windows_events: {
    platforms: ['windows'],
    all: 'time:BIGINT datetime:TEXT source:TEXT provider_name:TEXT provider_guid:TEXT computer_name:TEXT eventid:INTEGER task:INTEGER level:INTEGER keywords:TEXT data:TEXT eid:TEXT!',
  },
  processes: {
    platforms: ['linux', 'darwin', 'windows'],
    all: 'pid:BIGINT name:TEXT path:TEXT cmdline:TEXT state:TEXT cwd:TEXT root:TEXT uid:BIGINT gid:BIGINT euid:BIGINT egid:BIGINT suid:BIGINT sgid:BIGINT on_disk:INTEGER wired_size:BIGINT resident_size:BIGINT total_size:BIGINT user_time:BIGINT system_time:BIGINT disk_bytes_read:BIGINT disk_bytes_written:BIGINT start_time:BIGINT parent:BIGINT pgroup:BIGINT threads:INTEGER nice:INTEGER',
    darwin: 'upid:BIGINT uppid:BIGINT cpu_type:INTEGER cpu_subtype:INTEGER translated:INTEGER',
    linux: 'cgroup_path:TEXT',
    windows:
      'elevated_token:INTEGER secure_process:INTEGER protection_type:TEXT virtual_process:INTEGER elapsed_time:BIGINT handle_count:BIGINT percent_processor_time:BIGINT',
  },
  listening_ports: {
    platforms: ['linux', 'darwin', 'windows'],
    all: 'pid:INTEGER port:INTEGER protocol:INTEGER family:INTEGER address:TEXT fd:BIGINT socket:BIGINT path:TEXT',
    linux: 'net_namespace:TEXT',
  },
  process_open_sockets: {
    platforms: ['linux', 'darwin', 'windows'],
    all: 'pid:INTEGER fd:BIGINT socket:BIGINT family:INTEGER protocol:INTEGER local_address:TEXT remote_address:TEXT local_port:INTEGER remote_port:INTEGER path:TEXT state:TEXT',
    linux: 'net_namespace:TEXT',
  },
} as const;
