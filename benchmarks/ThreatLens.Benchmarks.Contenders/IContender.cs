using Microsoft.Data.Sqlite;

namespace ThreatLens.Benchmarks.Contenders;

/// <summary>Something that brings a database file to the product's latest schema. A run is everything from nothing open to nothing open, unless the file stays open.</summary>
internal interface IContender
{
    /// <summary>For the table, and for the cold process's command line.</summary>
    string Name { get; }

    /// <summary>Applies what is pending.</summary>
    /// <param name="folder">A folder with <c>bench.db</c>, or where it is to be made.</param>
    void Run(string folder);

    /// <summary>Closes what stays open between runs.</summary>
    void End() => SqliteConnection.ClearAllPools();
}
