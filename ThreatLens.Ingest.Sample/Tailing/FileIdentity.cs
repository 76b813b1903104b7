using System.Globalization;

namespace ThreatLens.Ingest.Sample.Tailing;

/// <summary>
/// Which file this is, whatever it is called now: inode and time of birth. The inode alone would not do, it is used again after a
/// deletion; the device is left out, its number may change with a reboot.
/// </summary>
/// <param name="Inode">Inode number.</param>
/// <param name="Birth">When the file was made, nanoseconds since 1970; 0 where the file system does not keep it.</param>
internal readonly record struct FileIdentity(ulong Inode, long Birth)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Inode:x}.{Birth:x}");

    public static FileIdentity? Parse(ReadOnlySpan<char> text)
    {
        var dot = text.IndexOf('.');
        return dot > 0
            && ulong.TryParse(text[..dot], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var inode)
            && long.TryParse(text[(dot + 1)..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var birth)
                ? new FileIdentity(inode, birth)
                : null;
    }
}

/// <summary>What the file system says of a file.</summary>
/// <param name="IsRegular">False for directories, pipes, devices.</param>
/// <param name="Identity">Which file it is; null where the system cannot say (not Linux): contents decide then.</param>
/// <param name="IsDeleted">True when no name is left: it cannot come back.</param>
internal readonly record struct FileStatus(bool IsRegular, FileIdentity? Identity, bool IsDeleted);
