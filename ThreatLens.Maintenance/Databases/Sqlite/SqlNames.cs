namespace ThreatLens.Maintenance.Databases.Sqlite;

/// <summary>Names of tables and columns as SQLite sees them.</summary>
internal static class SqlNames
{
    /// <summary>Whether two names mean the same: the case of ASCII letters does not count, that of others does.</summary>
    public static bool AreSame(string one, string other)
    {
        if (one.Length != other.Length)
            return false;
        for (var i = 0; i < one.Length; i++)
        {
            if (one[i] != other[i] && (!char.IsAscii(one[i]) || char.ToLowerInvariant(one[i]) != char.ToLowerInvariant(other[i]) || !char.IsAscii(other[i])))
                return false;
        }

        return true;
    }
}
