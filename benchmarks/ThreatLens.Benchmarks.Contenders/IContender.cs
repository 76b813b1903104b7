namespace ThreatLens.Benchmarks.Contenders;

/// <summary>Something that brings a database file to the product's latest schema. A run is everything from nothing open to nothing open.</summary>
internal interface IContender
{
    /// <summary>For the table, and for the cold process's command line.</summary>
    string Name { get; }

    /// <summary>Applies what is pending.</summary>
    /// <param name="folder">A folder with <c>bench.db</c>, or where it is to be made.</param>
    void Run(string folder);
}
