using System.Text;

namespace ThreatLens.EndToEnd.Tests.Health;

/// <summary>Takes a command apart into words as a POSIX shell does, without one: what is in quotes, and what stands behind a backslash, is meant as it is.</summary>
internal static class ShellWords
{
    /// <exception cref="FormatException">A quote is not closed, or a shell would do something else with it than take words.</exception>
    public static IReadOnlyList<string> Split(string command)
    {
        var words = new List<string>();
        StringBuilder? word = null;
        for (var i = 0; i < command.Length; i++)
        {
            switch (command[i])
            {
                case ' ':
                    if (word is not null)
                        words.Add(word.ToString());
                    word = null;
                    break;
                case '\'':
                    var end = command.IndexOf('\'', i + 1);
                    if (end < 0)
                        throw new FormatException($"A quote is not closed: {command}");
                    (word ??= new StringBuilder()).Append(command, i + 1, end - i - 1);
                    i = end;
                    break;
                case '\\' when i + 1 < command.Length:
                    (word ??= new StringBuilder()).Append(command[++i]);
                    break;
                case '"' or '$' or '`' or ';' or '&' or '|' or '<' or '>' or '(' or ')' or '*' or '?' or '[' or '#' or '~' or '!' or '\n' or '\t' or '\\':
                    throw new FormatException($"'{command[i]}' has a meaning of its own to a shell: {command}");
                default:
                    (word ??= new StringBuilder()).Append(command[i]);
                    break;
            }
        }

        if (word is not null)
            words.Add(word.ToString());
        return words;
    }
}
