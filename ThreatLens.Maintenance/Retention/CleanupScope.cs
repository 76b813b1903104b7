using ThreatLens.Maintenance.Errors;

namespace ThreatLens.Maintenance.Retention;

/// <summary>
/// What a cleanup covers, with the moment that all ages are counted from fixed. It is written down with the cleanup, so that whoever goes on with it
/// means the same rows.
/// </summary>
internal sealed record CleanupScope
{
    public static readonly TimeSpan MinAge = TimeSpan.FromMinutes(1);
    public static readonly TimeSpan MaxAge = TimeSpan.FromDays(36_500);
    public const long MaxRows = 1_000_000_000_000;

    /// <summary>The moment that ages are counted from, UTC; rows of later moments are neither counted nor deleted.</summary>
    public required DateTimeOffset FrozenAt { get; init; }

    /// <summary>Tables with their policies, in the order they are gone through.</summary>
    public required IReadOnlyList<TableScope> Tables { get; init; }

    /// <summary>Tables whose rows without an event go.</summary>
    public required IReadOnlyList<string> OrphanTables { get; init; }

    /// <summary>Bytes the database may use; null: no limit.</summary>
    public long? MaxDatabaseBytes { get; init; }

    /// <summary>Puts together what is configured and what is asked for.</summary>
    /// <param name="options">What is configured.</param>
    /// <param name="command">What is asked for.</param>
    /// <param name="frozenAt">The moment that ages are counted from.</param>
    /// <exception cref="MaintenanceException">INVALID_ARGUMENT naming the field.</exception>
    public static CleanupScope Of(RetentionOptions options, CleanupCommand command, DateTimeOffset frozenAt)
    {
        var policies = ReadPolicies(command);
        var named = ReadTables(command);
        var tables = RetentionTable.All.Where(t => t.HasPolicy && (named.Count == 0 || named.Contains(t)))
            .Select(t => Of(t, options.For(t), policies.GetValueOrDefault(t))).OfType<TableScope>().ToList();
        RequirePolicies(command, named, tables);
        foreach (var table in policies.Keys.Where(t => named.Count > 0 && !named.Contains(t)))
            throw MaintenanceException.InvalidArgument($"policies[{IndexOf(command, table)}].table", $"{table.Name} is not among the tables of the request; add it there, or leave the policy out");
        var events = tables.Any(t => t.Table == RetentionTable.Events.Name);
        return new CleanupScope
        {
            FrozenAt = frozenAt,
            Tables = tables,
            OrphanTables =
            [
                .. new[] { RetentionTable.Analyses, RetentionTable.Notifications }.Where(t => named.Count == 0 || named.Contains(t) || (events && named.Contains(RetentionTable.Events))).Select(t => t.Name),
            ],
            MaxDatabaseBytes = ReadSize(command) ?? options.MaxDatabaseBytes,
        };
    }

    /// <summary>The policy of a table; null: it has none here.</summary>
    public TableScope? Find(RetentionTable table) => Tables.FirstOrDefault(t => t.Table == table.Name);

    private static TableScope? Of(RetentionTable table, TableRetentionOptions configured, RetentionPolicy? asked) => asked is not null
        ? new TableScope(table.Name, asked.MaxAge, asked.MaxRows)
        : configured.Enabled ? new TableScope(table.Name, configured.MaxAge, configured.MaxRows) : null;

    private static Dictionary<RetentionTable, RetentionPolicy> ReadPolicies(CleanupCommand command)
    {
        var policies = new Dictionary<RetentionTable, RetentionPolicy>();
        for (var i = 0; i < command.Policies.Count; i++)
        {
            var (policy, field) = (command.Policies[i], $"policies[{i}]");
            var table = Known(policy.Table, $"{field}.table");
            if (!table.HasPolicy)
                throw MaintenanceException.InvalidArgument($"{field}.table", $"{table.Name} has no policy of its own: analyses go with their events");
            Check(policy, field);
            if (!policies.TryAdd(table, policy))
                throw MaintenanceException.InvalidArgument($"{field}.table", $"{table.Name} has a policy in this request already");
        }

        return policies;
    }

    private static void Check(RetentionPolicy policy, string field)
    {
        if (policy.MaxAge == TimeSpan.Zero && !policy.ConfirmsEverything)
            throw MaintenanceException.InvalidArgument($"{field}.max_age", "is 0, by which every row up to now goes; confirm that with confirm_everything, or leave max_age out for no limit by age");
        if (policy.MaxAge is { } age && age != TimeSpan.Zero && (age < MinAge || age > MaxAge))
            throw MaintenanceException.InvalidArgument($"{field}.max_age", $"is {age.TotalSeconds:0.###} s; from 1 minute to 36,500 days are accepted");
        if (policy.ConfirmsEverything && policy.MaxAge != TimeSpan.Zero)
            throw MaintenanceException.InvalidArgument($"{field}.confirm_everything", "confirms a max_age of 0; leave it out with any other");
        if (policy.MaxRows is < 1 or > MaxRows)
            throw MaintenanceException.InvalidArgument($"{field}.max_rows", $"is {policy.MaxRows}; from 1 to {MaxRows} are accepted, 0 means no limit");
    }

    private static HashSet<RetentionTable> ReadTables(CleanupCommand command)
    {
        var named = new HashSet<RetentionTable>();
        for (var i = 0; i < command.Tables.Count; i++)
        {
            if (!named.Add(Known(command.Tables[i], $"tables[{i}]")))
                throw MaintenanceException.InvalidArgument($"tables[{i}]", $"{command.Tables[i]} is named twice");
        }

        return named;
    }

    private static void RequirePolicies(CleanupCommand command, HashSet<RetentionTable> named, List<TableScope> tables)
    {
        if (named.FirstOrDefault(t => t.HasPolicy && tables.All(s => s.Table != t.Name)) is { } without)
            throw MaintenanceException.InvalidArgument($"tables[{command.Tables.ToList().FindIndex(n => RetentionTable.Find(n) == without)}]", $"{without.Name} has no policy in the configuration; give it one in policies");
    }

    private static long? ReadSize(CleanupCommand command) => command.MaxDatabaseBytes is null or >= RetentionOptions.MinDatabaseBytes and <= RetentionOptions.MaxDatabaseBytesLimit
        ? command.MaxDatabaseBytes
        : throw MaintenanceException.InvalidArgument(
            "max_database_bytes", $"is {command.MaxDatabaseBytes}; from {RetentionOptions.MinDatabaseBytes} to {RetentionOptions.MaxDatabaseBytesLimit} bytes are accepted, 0 means as configured");

    private static RetentionTable Known(string name, string field) => RetentionTable.Find(name)
        ?? throw MaintenanceException.InvalidArgument(field, $"'{name}' is no table that a cleanup knows; these are: {string.Join(", ", RetentionTable.All.Select(t => t.Name))}");

    private static int IndexOf(CleanupCommand command, RetentionTable table) => command.Policies.ToList().FindIndex(p => RetentionTable.Find(p.Table) == table);
}

/// <summary>The policy of one table within a cleanup.</summary>
/// <param name="Table">Its name.</param>
/// <param name="MaxAge">Rows older than this go; null: no limit by age.</param>
/// <param name="MaxRows">Rows beyond the newest so many go; null: no limit by number.</param>
internal sealed record TableScope(string Table, TimeSpan? MaxAge, long? MaxRows);
