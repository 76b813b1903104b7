using System.Globalization;

namespace ThreatLens.Ingest.Sample.Demo;

/// <summary>
/// Makes up log lines in the shapes of sshd, nginx and an application. Addresses are those reserved for documentation (RFC 5737), names
/// those of RFC 2606: nobody real is in them. Deterministic for a random source and clock. Not thread-safe.
/// </summary>
/// <param name="random">Where the choices come from.</param>
/// <param name="malformedShare">Share of lines that are damaged.</param>
internal sealed class DemoLogs(Random random, double malformedShare)
{
    public const string Sshd = "sshd.log";
    public const string Access = "access.log";
    public const string Application = "application.log";

    private static readonly string[] Networks = ["192.0.2", "198.51.100", "203.0.113"];
    private static readonly string[] Users = ["alice", "bob", "carol", "root", "admin", "backup"];
    private static readonly string[] Pages = ["/", "/login", "/api/events", "/api/reports/42", "/static/app.js", "/wp-login.php", "/favicon.ico"];
    private static readonly string[] Agents = ["Mozilla/5.0 (X11; Linux x86_64)", "curl/8.5.0", "ExampleBot/1.0 (+https://example.com/bot)"];

    /// <summary>The files of the demo.</summary>
    public static IReadOnlyList<string> FileNames { get; } = [Sshd, Access, Application];

    /// <summary>One line of a file, without line end.</summary>
    public string Line(string fileName, DateTimeOffset at)
    {
        var line = fileName switch
        {
            Sshd => SshdLine(at),
            Access => AccessLine(at),
            Application => ApplicationLine(at),
            _ => throw new ArgumentOutOfRangeException(nameof(fileName), fileName, "Not a file of the demo."),
        };
        return random.NextDouble() < malformedShare ? Damage(line) : line;
    }

    private string SshdLine(DateTimeOffset at)
    {
        var message = random.Next(4) switch
        {
            0 => $"Accepted publickey for {Pick(Users)} from {Address()} port {Port()} ssh2",
            1 => $"Failed password for invalid user {Pick(Users)} from {Address()} port {Port()} ssh2",
            2 => $"Connection closed by {Address()} port {Port()} [preauth]",
            _ => $"Failed password for {Pick(Users)} from {Address()} port {Port()} ssh2",
        };
        return string.Create(CultureInfo.InvariantCulture, $"{at:MMM} {at.Day,2} {at:HH:mm:ss} demo sshd[{random.Next(1000, 32000)}]: {message}");
    }

    private string AccessLine(DateTimeOffset at)
    {
        int[] statuses = [200, 200, 200, 304, 404, 401, 500];
        var method = random.Next(5) == 0 ? "POST" : "GET";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{Address()} - - [{at:dd/MMM/yyyy:HH:mm:ss} +0000] \"{method} {Pick(Pages)} HTTP/1.1\" {Pick(statuses)} {random.Next(50_000)} \"-\" \"{Pick(Agents)}\"");
    }

    private string ApplicationLine(DateTimeOffset at)
    {
        string[] levels = ["INFO", "INFO", "INFO", "DEBUG", "WARN", "ERROR"];
        var message = random.Next(3) switch
        {
            0 => $"order {random.Next(100_000)} stored in {random.Next(1, 400)} ms",
            1 => $"session of {Pick(Users)}@example.com from {Address()} opened",
            _ => $"queue length {random.Next(200)}",
        };
        return string.Create(CultureInfo.InvariantCulture, $"{at:yyyy-MM-dd HH:mm:ss.fff} [{Pick(levels)}] shop: {message}");
    }

    /// <summary>What happens to lines in real life: cut short before they mean anything, or not text at all.</summary>
    private string Damage(string line) => random.Next(2) == 0
        ? line[..random.Next(1, 9)]
        : string.Concat(Enumerable.Range(0, 12).Select(_ => (char)random.Next('#', '&')));

    private string Address() => string.Create(CultureInfo.InvariantCulture, $"{Pick(Networks)}.{random.Next(1, 255)}");

    private int Port() => random.Next(1024, 65536);

    private T Pick<T>(T[] choices) => choices[random.Next(choices.Length)];
}
