using Microsoft.Data.Sqlite;
using SQLitePCL;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Statistics.History;

namespace ThreatLens.Maintenance.Health;

/// <summary>
/// Makes health reports, all sections from one snapshot of the database. What a section cannot find out is unknown, and says why; it takes no other
/// section with it. Thread-safe.
/// </summary>
public sealed class HealthReporter
{
    // Readers of a database in WAL mode wait for nobody in the ordinary way: who has to wait for longer is to hear that.
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(30);

    private readonly SqliteDatabase _database;
    private readonly TimeProvider _time;
    private readonly IHealthSectionSource[] _sources;
    private readonly FindingAges _ages;

    /// <param name="database">What is reported on.</param>
    /// <param name="sources">Those who look after the sections.</param>
    /// <param name="history">Tells since when findings are there.</param>
    /// <param name="time">The clock.</param>
    internal HealthReporter(SqliteDatabase database, IEnumerable<IHealthSectionSource> sources, HealthHistory history, TimeProvider time) =>
        (_database, _sources, _ages, _time) = (database, [.. sources.OrderBy(s => s.Kind)], new FindingAges(history), time);

    /// <summary>Makes a report now. It counts no whole table: a few milliseconds, however large the database is.</summary>
    /// <param name="sections">Only these; empty: all.</param>
    /// <param name="cancellationToken">Interrupts it.</param>
    public HealthReport Report(IReadOnlyCollection<HealthSectionKind> sections, CancellationToken cancellationToken)
    {
        var now = _time.GetUtcNow();
        var sources = _sources.Where(s => sections.Count == 0 || sections.Contains(s.Kind)).ToList();
        try
        {
            using var connection = _database.TryOpenSnapshot(Patience);
            using var interrupt = connection?.InterruptOn(cancellationToken);
            return Make(new HealthLook(now, connection is null ? null : SqliteSession.On(_database, connection)), sources, cancellationToken);
        }
        catch (MaintenanceException unreadable)
        {
            // After one wait for whoever holds it: no section need try again.
            var nothing = new HealthLook(now, null) { Unreadable = unreadable };
            return new HealthReport(now, [.. sources.Select(s => _ages.Tell(s.ReadsDatabase ? HealthLook.Unavailable(s.Kind, unreadable) : Look(s, nothing), now))]);
        }
    }

    /// <summary>A report of all sections in which nothing has been looked at yet.</summary>
    public HealthReport NotYet() => new(_time.GetUtcNow(), [.. _sources.Select(s => HealthLook.Unknown(s.Kind, "Not looked at yet: the report takes longer than usual, and follows."))]);

    private HealthReport Make(HealthLook look, List<IHealthSectionSource> sources, CancellationToken cancellationToken)
    {
        var made = new List<HealthSection>(sources.Count);
        foreach (var source in sources)
        {
            cancellationToken.ThrowIfCancellationRequested();
            made.Add(_ages.Tell(Look(source, look), look.Now));
        }

        return new HealthReport(look.Now, made);
    }

    private HealthSection Look(IHealthSectionSource source, HealthLook look)
    {
        try
        {
            return source.Look(look);
        }
        catch (MaintenanceException e) when (e.Reason == ErrorReasons.SchemaNotReady)
        {
            return HealthLook.Unknown(source.Kind, e.Message);
        }
        catch (MaintenanceException e)
        {
            return HealthLook.Unavailable(source.Kind, e);
        }
        catch (SqliteException e) when (e.SqliteErrorCode != raw.SQLITE_INTERRUPT)
        {
            return HealthLook.Unavailable(source.Kind, _database.Translate(e, "reporting on health"));
        }
        catch (Exception e) when (e is not (OperationCanceledException or SqliteException))
        {
            // A file that went away between two looks, a disk that does not tell its size, a value that nobody thought of: the other sections are still told.
            return HealthLook.Unknown(source.Kind, e is IOException or UnauthorizedAccessException ? e.Message : $"It could not be found out ({e.GetType().Name}): {e.Message}");
        }
    }
}

/// <summary>Looks after one section of the report. Thread-safe.</summary>
internal interface IHealthSectionSource
{
    /// <summary>Which one.</summary>
    HealthSectionKind Kind { get; }

    /// <summary>Whether nothing can be told while the database cannot be read; those that can tell something say themselves what is missing of it.</summary>
    bool ReadsDatabase => true;

    /// <summary>Looks, quickly: nothing whose cost grows with the size of a table.</summary>
    /// <exception cref="MaintenanceException">The database cannot be read.</exception>
    /// <exception cref="SqliteException">The same.</exception>
    HealthSection Look(HealthLook look);
}
