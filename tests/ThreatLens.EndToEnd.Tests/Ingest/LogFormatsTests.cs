using System.Text;
using ThreatLens.Ingest.Sample.Parsing;
using Xunit;

namespace ThreatLens.EndToEnd.Tests.Ingest;

public sealed class LogFormatsTests
{
    [Theory]
    [InlineData("Dec 10 06:55:46 LabSZ sshd[24200]: Invalid user webmaster from 192.0.2.7", LogFormat.Syslog)]
    [InlineData("Jul  7 08:06:15 combo  -- root[2421]: ROOT LOGIN ON tty2", LogFormat.Syslog)]
    [InlineData("Jun 19 04:08:57 combo syslogd 1.4.1: restart.", LogFormat.Syslog)]
    [InlineData("<34>Oct 11 22:14:15 mymachine su: 'su root' failed for lonvick on /dev/pts/8", LogFormat.Syslog)]
    [InlineData("<165>1 2003-10-11T22:14:15.003Z mymachine.example.com evntslog - ID47 [exampleSDID@32473 iut=\"3\"] text", LogFormat.Syslog)]
    [InlineData("<165>1 - - - - - -", LogFormat.Syslog)]
    [InlineData("2026-11-23T15:00:01.123456+00:00 web-1 sshd[77]: Connection closed by 192.0.2.1 port 22", LogFormat.Syslog)]
    [InlineData("192.0.2.1 - - [10/Oct/2026:13:55:36 -0700] \"GET /a.gif HTTP/1.0\" 200 2326", LogFormat.Access)]
    [InlineData("192.0.2.1 - bob [10/Oct/2026:13:55:36 +0000] \"GET / HTTP/1.1\" 304 - \"-\" \"agent \\\"quoted\\\"\"", LogFormat.Access)]
    [InlineData("2001:db8::1 - - [10/Oct/2026:13:55:36 +0000] \"GET /?q=\\\"x\\\" HTTP/1.1\" 404 12 \"-\" \"-\"", LogFormat.Access)]
    [InlineData("198.51.100.2 - - [10/Oct/2026:13:55:36 +0000] \"\" 400 0 \"-\" \"-\"", LogFormat.Access)]
    [InlineData("198.51.100.2 - - [10/Oct/2026:13:55:36 +0000] \"\\x16\\x03\\x01\" 400 150", LogFormat.Access)]
    [InlineData("www.example.com:80 192.0.2.1 - - [10/Oct/2026:13:55:36 +0000] \"GET / HTTP/1.1\" 200 1 \"-\" \"-\"", LogFormat.Access)]
    [InlineData("[Sun Dec 04 04:47:44 2005] [notice] workerEnv.init() ok", LogFormat.ServerError)]
    [InlineData("[Wed Oct 11 14:32:52.123456 2026] [core:error] [pid 35708:tid 4328636416] [client 192.0.2.9] File does not exist", LogFormat.ServerError)]
    [InlineData("2026/11/23 15:00:01 [error] 31#31: *1 open() \"/x\" failed", LogFormat.ServerError)]
    [InlineData("2026-11-23 15:00:01,123 INFO started", LogFormat.Application)]
    [InlineData("2026-11-23T15:00:01.123Z [warn] slow", LogFormat.Application)]
    [InlineData("2026-11-23 15:00:01 +0100 ERROR: no", LogFormat.Application)]
    [InlineData("[2026-11-23 15:00:01] Critical x", LogFormat.Application)]
    [InlineData("{\"time\":\"2026-11-23\",\"nested\":{\"a\":[1,2]}}", LogFormat.Json)]
    [InlineData("", LogFormat.None)]
    [InlineData(" ", LogFormat.None)]
    [InlineData("hello world", LogFormat.None)]
    [InlineData("Dec 10 06:55", LogFormat.None)]
    [InlineData("Dec 32 06:55:46 host app: x", LogFormat.None)]
    [InlineData("Dec 10 26:55:46 host app: x", LogFormat.None)]
    [InlineData("Dez 10 06:55:46 host app: x", LogFormat.None)]
    [InlineData("Dec 10 06:55:46 host ", LogFormat.None)]
    [InlineData("<999>Oct 11 22:14:15 host su: x", LogFormat.None)]
    [InlineData("192.0.2.1 - - [10/Oct/2026:13:55:36 -0700] \"GET / HTTP/1.0 200 2326", LogFormat.None)]
    [InlineData("192.0.2.1 - - [10/Oct/2026:13:55:36 -0700] \"GET /\" 20x 1", LogFormat.None)]
    [InlineData("2026-11-23 15:00:01 nothing of a level", LogFormat.None)]
    [InlineData("2026-13-23 15:00:01 INFO x", LogFormat.None)]
    [InlineData("   at Some.Method() in file.cs", LogFormat.None)]
    [InlineData("{\"a\":1", LogFormat.None)]
    [InlineData("{\"a\":1}}", LogFormat.None)]
    [InlineData("{a:1}", LogFormat.None)]
    [InlineData("{", LogFormat.None)]
    [InlineData("<", LogFormat.None)]
    [InlineData("[", LogFormat.None)]
    [InlineData("2", LogFormat.None)]
    public void Recognise_line_is_what_its_frame_says(string line, object format) =>
        Assert.Equal((LogFormat)format, LogFormats.Recognise(Encoding.UTF8.GetBytes(line)));

    [Fact]
    public void Recognise_any_cut_or_damage_never_throws()
    {
        var random = new Random(1);
        string[] lines =
        [
            "Dec 10 06:55:46 LabSZ sshd[24200]: Invalid user", "<34>1 2003-10-11T22:14:15.003Z a b c d - x", "{\"a\":[1,{\"b\":null}]}",
            "192.0.2.1 - - [10/Oct/2026:13:55:36 -0700] \"GET / HTTP/1.0\" 200 2326 \"-\" \"x\"", "[Sun Dec 04 04:47:44 2005] [notice] x",
            "2026/11/23 15:00:01 [error] 31#31: *1 x", "2026-11-23 15:00:01,123 INFO x",
        ];
        var recognised = 0;
        foreach (var line in lines)
        {
            for (var length = 1; length <= line.Length; length++)
                recognised += LogFormats.Recognise(Encoding.UTF8.GetBytes(line[..length])) == LogFormat.None ? 0 : 1;
            for (var round = 0; round < 2000; round++)
            {
                var bytes = Encoding.UTF8.GetBytes(line);
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
                recognised += LogFormats.Recognise(bytes) == LogFormat.None ? 0 : 1;
            }
        }
        Assert.True(recognised > 0);
    }
}
