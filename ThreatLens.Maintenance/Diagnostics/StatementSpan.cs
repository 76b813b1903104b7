using System.Diagnostics;
using System.Globalization;
using Microsoft.Data.Sqlite;
using ThreatLens.Maintenance.Databases.Sqlite;

namespace ThreatLens.Maintenance.Diagnostics;

/// <summary>
/// Times one database statement: a CLIENT span by OpenTelemetry's database conventions and one value of
/// <c>db.client.operation.duration</c>. Start it before the statement, dispose it after; between, tell it of a failure. The
/// driver does neither (dotnet/efcore#13832). Not thread-safe.
/// </summary>
public sealed class StatementSpan : IDisposable
{
    private const string System = "sqlite";

    private readonly SqliteDatabase _database;
    private readonly SqlSummary _summary;
    private readonly long _started;
    private Activity? _activity;
    private string? _errorType;
    private bool _ended;

    private StatementSpan(SqliteDatabase database, SqlSummary summary, Activity? activity)
    {
        _database = database;
        _summary = summary;
        _activity = activity;
        _started = database.Time.GetTimestamp();
    }

    /// <summary>Whether anybody listens to spans or durations: where not, whoever runs many statements need not start any.</summary>
    public static bool IsObserved => MaintenanceDiagnostics.ActivitySource.HasListeners() || MaintenanceMetrics.StatementDuration.Enabled;

    /// <summary>Starts the span of a statement.</summary>
    /// <param name="database">The database it runs on.</param>
    /// <param name="summary">What it is; computed once for a statement that runs often.</param>
    /// <param name="text">The SQL, only where it holds no values (migrations do not); null leaves it out.</param>
    /// <param name="batchSize">How many statements or rows it stands for, when it is a batch of 2 or more.</param>
    /// <param name="isTraced">False: there is a span only if it fails; the duration is recorded anyway. For what happens hundreds of times a second.</param>
    public static StatementSpan Start(SqliteDatabase database, SqlSummary summary, string? text = null, int? batchSize = null, bool isTraced = true)
    {
        var activity = isTraced ? Begin(database, summary, default) : null;
        activity?.SetTag("db.query.text", text);
        activity?.SetTag("db.operation.batch.size", batchSize > 1 ? batchSize : null);
        return new StatementSpan(database, summary, activity);
    }

    /// <summary>Starts the span of a statement whose summary is derived from its text.</summary>
    /// <param name="database">The database it runs on.</param>
    /// <param name="sql">The statement.</param>
    /// <param name="includeText">Whether the span carries the text; only for statements without values.</param>
    public static StatementSpan Start(SqliteDatabase database, string sql, bool includeText = false) =>
        Start(database, SqlSummary.Of(sql), includeText ? sql : null);

    /// <summary>Tells how many rows the statement stood for, where that is known only afterwards.</summary>
    /// <param name="rows">2 or more; fewer are no batch.</param>
    public void SetBatchSize(int rows) => _activity?.SetTag("db.operation.batch.size", rows > 1 ? rows : null);

    /// <summary>Marks the span as failed. Not to be called for a failure that is handled, such as a retry.</summary>
    /// <param name="exception">What went wrong.</param>
    public void Fail(Exception exception)
    {
        if (exception is SqliteException sqlite)
        {
            _errorType = sqlite.SqliteExtendedErrorCode.ToString(CultureInfo.InvariantCulture);
        }
        else
        {
            _errorType = exception.GetType().FullName!;
        }

        _activity ??= Begin(_database, _summary, _database.Time.GetUtcNow() - _database.Time.GetElapsedTime(_started));
        _activity?.SetTag("error.type", _errorType);
        _activity?.SetTag("db.response.status_code", exception is SqliteException ? _errorType : null);
        _activity?.SetStatus(ActivityStatusCode.Error, exception.Message);
    }

    /// <summary>Ends the span and records the duration.</summary>
    public void Dispose()
    {
        if (_ended)
            return;
        _ended = true;
        var tags = new TagList { { "db.system.name", System }, { "db.namespace", _database.Name }, { "db.operation.name", _summary.Operation } };
        if (_summary.Collection is { } collection)
            tags.Add("db.collection.name", collection);
        if (_errorType is { } errorType)
            tags.Add("error.type", errorType);
        var took = _database.Time.GetElapsedTime(_started);
        MaintenanceMetrics.StatementDuration.Record(took.TotalSeconds, tags);
        _database.Slow.Record(_summary, took);
        _activity?.Dispose();
    }

    private static Activity? Begin(SqliteDatabase database, SqlSummary summary, DateTimeOffset startTime)
    {
        var activity = MaintenanceDiagnostics.ActivitySource.StartActivity(ActivityKind.Client, startTime: startTime, name: summary.Text);
        if (activity is not { IsAllDataRequested: true })
            return activity;
        activity.SetTag("db.system.name", System);
        // The older name of the same, which the Aspire dashboard looks at for its icon; and the peer it shows.
        activity.SetTag("db.system", System);
        activity.SetTag("peer.service", System);
        activity.SetTag("db.namespace", database.Name);
        activity.SetTag("db.operation.name", summary.Operation);
        activity.SetTag("db.collection.name", summary.Collection);
        activity.SetTag("db.query.summary", summary.Text);
        return activity;
    }
}
