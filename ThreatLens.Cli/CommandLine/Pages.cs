namespace ThreatLens.Cli.CommandLine;

/// <summary>Reads what comes in pages to its end.</summary>
internal static class Pages
{
    /// <summary>The most that the service gives at a time.</summary>
    public const int Largest = 1000;

    /// <param name="read">Reads the page of a token; empty: the first.</param>
    /// <param name="next">The token of the page behind one; empty: there is none.</param>
    /// <param name="add">Adds a page, and its token, to those before.</param>
    /// <returns>The first page with all others added.</returns>
    public static async Task<TPage> AllAsync<TPage>(Func<string, Task<TPage>> read, Func<TPage, string> next, Action<TPage, TPage> add)
    {
        var all = await read(string.Empty);
        while (next(all) is { Length: > 0 } token)
            add(all, await read(token));
        return all;
    }
}
