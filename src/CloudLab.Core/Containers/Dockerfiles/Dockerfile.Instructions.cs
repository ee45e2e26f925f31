using System.Text;
using System.Text.Json;
using CloudLab.Core.Common;

namespace CloudLab.Core.Containers.Dockerfiles;

/// <content>What each instruction looks like: its flags and arguments, and what is refused.</content>
internal sealed partial class Dockerfile
{
    // Flags that take a value, and behind the bar those that need none.
    private static readonly Dictionary<string, string> Known = new(StringComparer.Ordinal)
    {
        ["ADD"] = "chown chmod checksum exclude|link keep-git-dir unpack", ["ARG"] = "|", ["CMD"] = "|", ["COPY"] = "from chown chmod exclude|link parents",
        ["ENTRYPOINT"] = "|", ["ENV"] = "|", ["EXPOSE"] = "|", ["FROM"] = "platform|",
        ["HEALTHCHECK"] = "interval timeout start-period start-interval retries|", ["LABEL"] = "|", ["MAINTAINER"] = "|", ["ONBUILD"] = "|",
        ["RUN"] = "mount network security device|", ["SHELL"] = "|", ["STOPSIGNAL"] = "|", ["USER"] = "|", ["VOLUME"] = "|", ["WORKDIR"] = "|",
    };

    /// <summary>The instructions that there are.</summary>
    internal static IReadOnlyCollection<string> Keywords => Known.Keys;

    private DockerfileInstruction? Make(string text, int line, int endLine, IReadOnlyList<DockerfileComment> before, int? empty)
    {
        string trimmed = text.Trim();
        int end = trimmed.AsSpan().IndexOfAny(" \t\v\f\r");
        string keyword = end < 0 ? trimmed : trimmed[..end], name = keyword.ToUpperInvariant();
        string arguments = end < 0 ? "" : trimmed[end..].TrimStart(' ', '\t', '\v', '\f', '\r');
        if (!Known.TryGetValue(name, out string? known))
        {
            // What is no word at all may be anything, a secret too.
            bool word = keyword.Length is > 0 and < 20 && keyword.All(char.IsLetter);
            string? near = word ? NearestNames.Find(name, Known.Keys) : null;
            problems.Add(new(
                line, endLine, word ? name : "",
                word ? $"There is no instruction {keyword}." : "The line does not begin with an instruction.",
                near is not null ? $"Write {near}." : "If the line belongs to the one before, end that one with the escape character.", IsUnknown: true));
            return null;
        }

        (string rest, List<string> flags) = Flags(arguments);
        if (FlagProblem(flags, known) is { } wrong)
        {
            return Refuse(wrong.Message, wrong.Fix);
        }

        DockerfileInstruction made = new()
        {
            Keyword = keyword, Line = line, EndLine = endLine, Flags = flags, Rest = rest, Comments = before, EmptyContinuation = empty, Words = [],
        };
        if (name == "ONBUILD")
        {
            if (rest.Length == 0)
            {
                return Refuse("ONBUILD needs an instruction.", "ONBUILD RUN command");
            }

            string inner = Fields(rest)[0].ToUpperInvariant();
            if (inner is "ONBUILD" or "FROM" or "MAINTAINER")
            {
                return Refuse($"ONBUILD cannot have {inner} as its trigger.", "Move the instruction out of ONBUILD.");
            }

            return Make(rest, line, endLine, [], null) is { } trigger ? Copy(made, [trigger.Name, .. trigger.Words], trigger: trigger) : null;
        }

        bool listed = name is "ADD" or "COPY" or "CMD" or "ENTRYPOINT" or "RUN" or "SHELL" or "VOLUME" or "HEALTHCHECK";
        string command = rest;
        if (name == "HEALTHCHECK")
        {
            int type = rest.AsSpan().IndexOfAny(" \t");
            command = type < 0 ? "" : rest[type..].Trim();
            string kind = (type < 0 ? rest : rest[..type]).ToUpperInvariant();
            if (kind is not ("CMD" or "NONE") || (kind == "CMD") != (command.Length > 0))
            {
                return Refuse("HEALTHCHECK needs CMD and a command, or NONE alone.", "HEALTHCHECK CMD [\"executable\", \"argument\"]");
            }
        }

        if (listed && command.StartsWith('['))
        {
            (string[]? items, bool notStrings) = Json(command);
            if (notStrings)
            {
                return Refuse($"The list of {name} has something in it that is not a string.", "Quote every item with \".");
            }

            if (items is not null)
            {
                return Counted(Copy(made, items, json: true));
            }
        }

        (string[] words, bool oldForm, string? problem) = name switch
        {
            "ENV" or "LABEL" => Pairs(rest, name),
            "ARG" => ([.. Words(rest)], false, null),
            "ADD" or "COPY" or "EXPOSE" or "FROM" or "VOLUME" => (Fields(rest), false, null),
            _ => (command.Length > 0 ? [command] : [], false, (string?)null),
        };
        return problem is not null ? Refuse(problem, $"{name} NAME=value") : Counted(Copy(made, words, oldForm: oldForm));

        DockerfileInstruction? Refuse(string message, string fix)
        {
            problems.Add(new(line, endLine, name, message, fix));
            return null;
        }

        DockerfileInstruction? Counted(DockerfileInstruction instruction) =>
            Missing(instruction) is { } missing ? Refuse(missing.Message, missing.Fix) : instruction;
    }

    private static DockerfileInstruction Copy(DockerfileInstruction made, IReadOnlyList<string> words, bool json = false, bool oldForm = false, DockerfileInstruction? trigger = null) => new()
    {
        Keyword = made.Keyword, Line = made.Line, EndLine = made.EndLine, Flags = made.Flags, Rest = made.Rest, Comments = made.Comments,
        EmptyContinuation = made.EmptyContinuation, Words = words, IsJson = json, IsOldForm = oldForm, Trigger = trigger,
    };

    private static (string Message, string Fix)? FlagProblem(List<string> flags, string known)
    {
        HashSet<string> seen = [];
        string[] withValue = known.Split('|')[0].Split(' ', StringSplitOptions.RemoveEmptyEntries), without = known.Split('|')[1].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        foreach (string flag in flags)
        {
            int equals = flag.IndexOf('=', StringComparison.Ordinal);
            string name = equals < 0 ? flag[2..] : flag[2..equals];
            string shown = name.Length is > 0 and < 30 && name.All(c => char.IsLetter(c) || c == '-') ? "--" + name : "that begins with --";
            if (!withValue.Contains(name) && !without.Contains(name))
            {
                string? near = NearestNames.Find(name.Length < 30 ? name : "", withValue.Concat(without));
                return ($"There is no flag {shown} here.", near is not null ? $"Write --{near}." : "Remove it.");
            }

            if (!seen.Add(name) && name is not ("exclude" or "mount" or "device"))
            {
                return ($"The flag {shown} stands twice.", "Keep one of them.");
            }

            if (withValue.Contains(name) ? equals < 0 : equals >= 0 && flag[(equals + 1)..].ToLowerInvariant() is not ("true" or "false"))
            {
                return withValue.Contains(name) ? ($"The flag {shown} needs a value.", $"Write {shown}=value.") : ($"The flag {shown} is either true or false.", $"Write {shown}.");
            }
        }

        return null;
    }

    private static (string Message, string Fix)? Missing(DockerfileInstruction instruction)
    {
        int count = instruction.Words.Count;
        switch (instruction.Name)
        {
            case "FROM" when count == 3 && !instruction.Words[1].Equals("as", StringComparison.OrdinalIgnoreCase):
            case "FROM" when count is not (1 or 3):
                return ("FROM takes an image, or an image, AS and a name.", "FROM image:tag AS name");
            case "FROM" when count == 3 && !StageName().IsMatch(instruction.Words[2].ToLowerInvariant()):
                return ("The name of a stage begins with a letter and has only letters, digits, '-', '_' and '.'.", "FROM image:tag AS name");
            case "ADD" or "COPY" when count < 2:
                return ($"{instruction.Name} needs a source and a destination.", $"{instruction.Name} source destination");
            case "ADD" or "COPY" when HeredocOf(instruction.Words[^1]) is not null:
                return ($"The destination of {instruction.Name} cannot be a heredoc.", $"{instruction.Name} <<EOF destination");
            case "SHELL" when !instruction.IsJson || count == 0:
                return ("SHELL takes a JSON list.", "SHELL [\"/bin/sh\", \"-c\"]");
            case "ARG" or "ENV" or "LABEL" or "EXPOSE" or "VOLUME" or "MAINTAINER" or "USER" or "WORKDIR" or "STOPSIGNAL" when count == 0:
                return ($"{instruction.Name} needs an argument.", $"{instruction.Name} value");
            case "ARG" or "ENV" or "LABEL" when instruction.Pairs().Any(pair => pair.Name.Length == 0):
                return ($"A name of {instruction.Name} is empty.", $"{instruction.Name} NAME=value");
            case "VOLUME" when instruction.Words.Any(string.IsNullOrWhiteSpace):
                return ("A path of VOLUME is empty.", "VOLUME /path");
            default:
                return null;
        }
    }

    private static (string[]? Items, bool NotStrings) Json(string text)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(text);
            return document.RootElement.EnumerateArray().Any(item => item.ValueKind != JsonValueKind.String)
                ? (null, true)
                : ([.. document.RootElement.EnumerateArray().Select(item => item.GetString()!)], false);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Not a list, and so a line for the shell: '[ -f x ] && y' is one too.
            return (null, false);
        }
    }

    private (string[] Words, bool OldForm, string? Problem) Pairs(string rest, string name)
    {
        List<string> words = Words(rest);
        if (words.Count == 0)
        {
            return ([], false, null);
        }

        if (!words[0].Contains('=', StringComparison.Ordinal))
        {
            int blank = rest.AsSpan().IndexOfAny(" \t\v\f\r");
            return blank < 0
                ? ([], false, $"{name} needs a name and a value.")
                : ([rest[..blank] + " " + rest[blank..].TrimStart(' ', '\t', '\v', '\f', '\r')], true, null);
        }

        return words.TrueForAll(word => word.Contains('=', StringComparison.Ordinal))
            ? ([.. words], false, null)
            : ([], false, $"{name} has a word without '=': a value with blanks needs quotes.");
    }

    private static string[] Fields(string rest) => rest.Split([' ', '\t', '\v', '\f', '\r'], StringSplitOptions.RemoveEmptyEntries);

    // Words with their quotes and escapes as written.
    private List<string> Words(string rest)
    {
        List<string> words = [];
        StringBuilder word = new();
        char quote = '\0';
        bool begun = false;
        for (int i = 0; i < rest.Length; i++)
        {
            char c = rest[i];
            if (quote == '\0' && char.IsWhiteSpace(c))
            {
                if (begun)
                {
                    words.Add(word.ToString());
                    word.Clear();
                    begun = false;
                }

                continue;
            }

            begun = true;
            if (c == Escape && quote != '\'')
            {
                if (i + 1 == rest.Length)
                {
                    break;
                }

                word.Append(c).Append(rest[++i]);
                continue;
            }

            if (c == quote)
            {
                quote = '\0';
            }
            else if (quote == '\0' && c is '\'' or '"')
            {
                quote = c;
            }

            word.Append(c);
        }

        if (word.Length > 0)
        {
            words.Add(word.ToString());
        }

        return words;
    }

    private (string Arguments, List<string> Flags) Flags(string text)
    {
        List<string> flags = [];
        StringBuilder word = new();
        int i = 0;
        while (true)
        {
            while (i < text.Length && char.IsWhiteSpace(text[i]))
            {
                i++;
            }

            if (i + 1 >= text.Length || text[i] != '-' || text[i + 1] != '-')
            {
                return (text[i..].Trim(), flags);
            }

            word.Clear();
            char quote = '\0';
            for (; i < text.Length && (quote != '\0' || !char.IsWhiteSpace(text[i])); i++)
            {
                char c = text[i];
                if (c == quote)
                {
                    quote = '\0';
                }
                else if (quote == '\0' && c is '\'' or '"')
                {
                    quote = c;
                }
                else if (c != Escape)
                {
                    word.Append(c);
                }
                else if (i + 1 < text.Length)
                {
                    word.Append(text[++i]);
                }
            }

            if (word.Equals("--"))
            {
                return (text[i..].Trim(), flags);
            }

            flags.Add(word.ToString());
        }
    }

    [System.Text.RegularExpressions.GeneratedRegex(@"^[a-z][a-z0-9\-_.]*\z")]
    private static partial System.Text.RegularExpressions.Regex StageName();
}
