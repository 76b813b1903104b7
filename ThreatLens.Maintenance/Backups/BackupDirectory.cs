using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Options;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Errors;

namespace ThreatLens.Maintenance.Backups;

/// <summary>
/// The directory of a database's backups. A backup is <c>NAME.db</c>, complete as soon as it has that name, with a side file
/// <c>NAME.db.json</c> that says when it was taken, by which operation, and when it was last verified; a backup without one is one whose
/// verification is unknown. What is being made has a name beginning with a dot. Thread-safe.
/// </summary>
public sealed partial class BackupDirectory(SqliteDatabase database, IOptions<BackupOptions> options, TimeProvider time)
{
    private const string TimeFormat = "yyyyMMdd-HHmmssfff";
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    private readonly string _databaseName = System.IO.Path.GetFileNameWithoutExtension(database.Path);

    /// <summary>Absolute path of the directory; it need not exist yet.</summary>
    public string Path { get; } = System.IO.Path.GetFullPath(
        options.Value.Directory is { Length: > 0 } configured ? configured : "backups", System.IO.Path.GetDirectoryName(database.Path)!);

    /// <summary>Bytes free where backups go.</summary>
    internal long AvailableBytes => Disk.AvailableFreeSpace;

    /// <summary>The disk that backups go to.</summary>
    internal DriveInfo Disk
    {
        get
        {
            var existing = Path;
            while (!Directory.Exists(existing))
                existing = System.IO.Path.GetDirectoryName(existing)!;
            return new DriveInfo(existing);
        }
    }

    /// <summary>The backups, newest first.</summary>
    /// <exception cref="MaintenanceException">BACKUP_DIRECTORY_UNUSABLE.</exception>
    public IReadOnlyList<Backup> List() => Guard(() => IsThere()
        ? [.. Directory.EnumerateFiles(Path, "*.db").Select(Read).OfType<Backup>().OrderByDescending(b => b.Name, StringComparer.Ordinal)]
        : (IReadOnlyList<Backup>)[]);

    /// <summary>The backup of that name.</summary>
    /// <param name="name">As <see cref="List"/> tells it.</param>
    /// <exception cref="MaintenanceException">BACKUP_NOT_FOUND, BACKUP_DIRECTORY_UNUSABLE.</exception>
    public Backup Get(string name) => List().FirstOrDefault(b => b.Name == name)
        ?? throw new MaintenanceException(ErrorKind.NotFound, ErrorReasons.BackupNotFound, $"backup_name: there is no backup '{name}' in {Path}.") { Field = "backup_name" };

    /// <summary>Path of a backup.</summary>
    /// <param name="backup">One of this directory.</param>
    public string PathOf(Backup backup) => System.IO.Path.Combine(Path, backup.Name);

    /// <summary>
    /// Creates the directory, and keeps it for one maker of backups at a time, of this process or another; what crashes left is removed.
    /// </summary>
    /// <exception cref="MaintenanceException">OPERATION_CONFLICT, BACKUP_DIRECTORY_UNUSABLE.</exception>
    internal MaintenanceLock Enter(LockOwner owner)
    {
        return Guard(() =>
        {
            if (!IsThere())
                Directory.CreateDirectory(Path);
            var held = MaintenanceLock.Acquire(MakersLock, owner, time);
            RemoveLeftovers();
            return held;
        });
    }

    /// <summary>Removes what a crash left, unless somebody is at work here; the next who works here would, but a copy as large as the database may fill the disk until then.</summary>
    internal void TidyUp()
    {
        try
        {
            using var held = Directory.Exists(Path) ? MaintenanceLock.TryAcquire(MakersLock, new LockOwner("removing what a crash left"), time) : null;
            if (held is not null)
                RemoveLeftovers();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or MaintenanceException)
        {
            // The directory cannot be used: the next who works here will hear of it.
        }
    }

    /// <summary>Path of a file being made; removed at the next <see cref="Enter"/> unless it was renamed.</summary>
    internal string NewTemporary(string operationId, string what) => System.IO.Path.Combine(Path, $".{_databaseName}-{operationId}-{what}.tmp");

    /// <summary>A file name that is free, for something that began then, or a little later.</summary>
    internal (string Name, DateTimeOffset At) NewName(string suffix, DateTimeOffset now)
    {
        // To the millisecond, which the name can tell.
        for (var at = new DateTimeOffset(now.Ticks - (now.Ticks % TimeSpan.TicksPerMillisecond), TimeSpan.Zero); ; at = at.AddMilliseconds(1))
        {
            var name = $"{_databaseName}-{at.ToString(TimeFormat, CultureInfo.InvariantCulture)}-{suffix}";
            if (!File.Exists(System.IO.Path.Combine(Path, name)))
                return (name, at);
        }
    }

    /// <summary>A name for a backup whose copy began then.</summary>
    internal (string Name, DateTimeOffset At) NewBackupName(string schemaVersion, DateTimeOffset begun) =>
        NewName((schemaVersion.Length == 0 ? "none" : NotForNames().Replace(schemaVersion, "_")) + ".db", begun);

    /// <summary>Makes a finished temporary file a backup, durably: its content, then what is said of it, then its name.</summary>
    internal void Publish(string temporary, Backup backup)
    {
        DurableFile.Flush(temporary);
        WriteSideFile(backup);
        DurableFile.Rename(temporary, PathOf(backup));
    }

    /// <summary>Writes down what is said of a backup.</summary>
    internal void WriteSideFile(Backup backup)
    {
        var temporary = NewTemporary(Guid.NewGuid().ToString("N"), "json");
        File.WriteAllText(temporary, JsonSerializer.Serialize(backup, Json));
        DurableFile.Flush(temporary);
        DurableFile.Rename(temporary, SideFile(backup.Name), overwrite: true);
    }

    /// <summary>Which backups go when only the newest stay, oldest first.</summary>
    internal static IReadOnlyList<Backup> BeyondNewest(IReadOnlyList<Backup> newestFirst, int keep) => [.. newestFirst.Skip(keep).Reverse()];

    /// <summary>Removes a backup: its name first, so that a crash leaves none half there.</summary>
    internal void Remove(Backup backup)
    {
        File.Delete(PathOf(backup));
        File.Delete(SideFile(backup.Name));
    }

    /// <summary>Removes a file being made, with what SQLite had beside it.</summary>
    internal static void RemoveTemporary(string path)
    {
        foreach (var file in (string[])[path, path + "-journal", path + "-wal", path + "-shm"])
            File.Delete(file);
    }

    /// <summary>Says of the file system's errors that they are the directory's.</summary>
    internal T Guard<T>(Func<T> use)
    {
        try
        {
            return use();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unusable(e.Message, e);
        }
        catch (MaintenanceException e) when (e.Reason is ErrorReasons.DatabaseReadOnly or ErrorReasons.DatabaseDirectoryMissing)
        {
            throw Unusable(e.Message, e);
        }
    }

    internal MaintenanceException Unusable(string why, Exception cause) => new(
        ErrorKind.FailedPrecondition, ErrorReasons.BackupDirectoryUnusable, $"The backup directory {Path} cannot be used ({why}); make it a directory that can be written, or set Maintenance:Backups:Directory.", cause);

    // "No backups" must not be said of something that holds none because it is no directory.
    private bool IsThere() => File.Exists(Path) ? throw new IOException("it is a file") : Directory.Exists(Path);

    private void RemoveLeftovers()
    {
        RemoveAbandonedRehearsals();
        foreach (var file in Directory.EnumerateFiles(Path, $".{_databaseName}-*.tmp*"))
            File.Delete(file);
        foreach (var side in Directory.EnumerateFiles(Path, "*.db.json").Where(f => IsOurs(System.IO.Path.GetFileNameWithoutExtension(f)) && !File.Exists(f[..^".json".Length])))
            File.Delete(side);
    }

    private string MakersLock => System.IO.Path.Combine(Path, $".{_databaseName}.lock");

    private string SideFile(string name) => System.IO.Path.Combine(Path, name + ".json");

    private bool IsOurs(string name) => Parse(name) is not null;

    private Backup? Read(string path)
    {
        var name = System.IO.Path.GetFileName(path);
        if (Parse(name) is not var (at, version))
            return null;
        var file = new FileInfo(path);
        if (!file.Exists)
            return null;
        var said = ReadSideFile(name);
        return (said ?? new Backup { Name = name, CreatedAt = at, Bytes = 0, SchemaVersion = version }) with { Name = name, Bytes = file.Length };
    }

    private Backup? ReadSideFile(string name)
    {
        try
        {
            return JsonSerializer.Deserialize<Backup>(File.ReadAllText(SideFile(name)), Json);
        }
        catch (Exception e) when (e is FileNotFoundException or JsonException)
        {
            return null;
        }
    }

    private (DateTimeOffset At, string Version)? Parse(string name)
    {
        var match = BackupName().Match(name);
        if (!match.Success || match.Groups["database"].Value != _databaseName
            || !DateTimeOffset.TryParseExact(match.Groups["time"].Value, TimeFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at))
        {
            return null;
        }

        var version = match.Groups["version"].Value;
        return (at, version == "none" ? "" : version);
    }

    [GeneratedRegex(@"^(?<database>.+)-(?<time>\d{8}-\d{9})-(?<version>\w+)\.db$")]
    private static partial Regex BackupName();

    [GeneratedRegex(@"\W")]
    private static partial Regex NotForNames();
}
