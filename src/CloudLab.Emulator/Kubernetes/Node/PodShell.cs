using System.Formats.Tar;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace CloudLab.Emulator.Kubernetes.Node;

/// <summary>
/// The few programs that containers of the emulator have, so that runbooks can be tried: echo, cat, sort, wc -l, head -n, env, hostname, ls, seq, sleep
/// (takes no time), true, false; sh -c with ; &amp;&amp; || and &gt;&amp;2; and the two scripts by which Copy-LabPodItem copies.
/// </summary>
/// <param name="pod">The pod.</param>
/// <param name="container">Its container.</param>
/// <param name="state">Files of the container.</param>
/// <param name="input">Standard input.</param>
/// <param name="write">Takes output: 1 for standard output, 2 for standard error.</param>
internal sealed class PodShell(JsonObject pod, JsonObject container, ContainerState state, byte[] input, Action<byte, byte[]> write)
{
    private const byte Output = 1, Error = 2;
    private const string Shell = "sh";
    private int? exit;

    /// <summary>Runs a command.</summary>
    /// <param name="command">Program and arguments.</param>
    /// <returns>Its exit code; null where there is no such program.</returns>
    public int? Run(IReadOnlyList<string> command) => command switch
    {
        [Shell, "-c", _, "cloudlab-copy-in", ..] => CopyIn([.. command.Skip(4)]),
        [Shell, "-c", _, "cloudlab-copy-out", ..] => CopyOut([.. command.Skip(4)]),
        [Shell, "-c", var script, ..] => Script(script),
        [Shell] => Script(Encoding.UTF8.GetString(input)),
        _ => Program(command, Output),
    };

    private int? Program(IReadOnlyList<string> command, byte to)
    {
        string[] rest = [.. command.Skip(1)];
        switch (command[0])
        {
            case "true" or "sleep" or ":":
                return 0;
            case "false":
                return 1;
            case "exit":
                exit = rest is [var text] && int.TryParse(text, out int code) ? code : 0;
                return exit;
            case "echo":
                return Say(to, string.Join(' ', rest) + "\n");
            case "hostname":
                return Say(to, pod.Text("metadata", "name") + "\n");
            case "env" or "printenv":
                return Say(to, string.Concat(Variables().Select(v => $"{v.Key}={v.Value}\n")));
            case "seq" when rest.Length > 0 && int.TryParse(rest[^1], out int last):
                return Say(to, string.Concat(Enumerable.Range(1, last).Select(n => n.ToString(CultureInfo.InvariantCulture) + "\n")));
            case "cat" when rest.Length == 0:
                write(to, input);
                return 0;
            case "cat":
                return rest.Select(path => Cat(path, to)).ToList().Max();
            case "sort":
                return Say(to, string.Concat(Lines().Order(StringComparer.Ordinal).Select(line => line + "\n")));
            case "head":
                return Say(to, string.Concat(Lines().Take(rest is ["-n", var count, ..] ? int.Parse(count, CultureInfo.InvariantCulture) : 10).Select(line => line + "\n")));
            case "wc":
                return Say(to, Lines().Length.ToString(CultureInfo.InvariantCulture) + "\n");
            case "ls":
                return List(rest.LastOrDefault(argument => !argument.StartsWith('-')) ?? "/", to);
            default:
                return null;
        }
    }

    private int Script(string script)
    {
        int code = 0;
        foreach (string line in Split(script))
        {
            bool and = line.StartsWith("&&", StringComparison.Ordinal), or = line.StartsWith("||", StringComparison.Ordinal);
            List<string> words = Words(and || or ? line[2..] : line);
            if (words.Count == 0 || (and && code != 0) || (or && code == 0))
            {
                continue;
            }

            byte to = words.Remove(">&2") || words.Remove("1>&2") ? Error : Output;
            if (Run(words, to) is { } done)
            {
                code = done;
            }
            else
            {
                Say(Error, $"sh: {words[0]}: not found\n");
                code = 127;
            }

            if (exit is { } end)
            {
                return end;
            }
        }

        return code;
    }

    private int? Run(List<string> words, byte to) => words[0] is "sh" ? Run(words) : Program(words, to);

    private static IEnumerable<string> Split(string script)
    {
        StringBuilder part = new();
        char quote = '\0';
        for (int i = 0; i < script.Length; i++)
        {
            char c = script[i];
            bool two = i + 1 < script.Length && script[i + 1] == c;
            if (quote == '\0' && (c is ';' or '\n' || (two && c is '&' or '|' && two)))
            {
                yield return part.ToString();
                part.Clear();
                if (c is '&' or '|')
                {
                    part.Append(c).Append(c);
                    i++;
                }

                continue;
            }

            quote = c == quote ? '\0' : quote == '\0' && c is '\'' or '"' ? c : quote;
            part.Append(c);
        }

        yield return part.ToString();
    }

    private List<string> Words(string line)
    {
        List<string> words = [];
        StringBuilder? word = null;
        char quote = '\0';
        for (int i = 0; i < line.Length; i++)
        {
            char c = line[i];
            if (c == quote)
            {
                quote = '\0';
            }
            else if (quote == '\0' && c is '\'' or '"')
            {
                (quote, word) = (c, word ?? new StringBuilder());
            }
            else if (c == '$' && quote != '\'')
            {
                int end = i + 1;
                while (end < line.Length && (char.IsAsciiLetterOrDigit(line[end]) || line[end] == '_'))
                {
                    end++;
                }

                (word ??= new StringBuilder()).Append(Variables().GetValueOrDefault(line[(i + 1)..end], ""));
                i = end - 1;
            }
            else if (quote == '\0' && char.IsWhiteSpace(c))
            {
                if (word is not null)
                {
                    words.Add(word.ToString());
                }

                word = null;
            }
            else
            {
                (word ??= new StringBuilder()).Append(c);
            }
        }

        if (word is not null)
        {
            words.Add(word.ToString());
        }

        return words;
    }

    private int Say(byte to, string text)
    {
        write(to, Encoding.UTF8.GetBytes(text));
        return 0;
    }

    private string[] Lines() => Encoding.UTF8.GetString(input).Split('\n') is [.. var lines, ""] ? lines : Encoding.UTF8.GetString(input).Split('\n');

    private Dictionary<string, string> Variables()
    {
        Dictionary<string, string> variables = new() { ["PATH"] = "/bin", ["HOSTNAME"] = pod.Text("metadata", "name") ?? "", ["HOME"] = "/root" };
        foreach (JsonObject variable in container.Items("env"))
        {
            variables[variable.Text("name")!] = variable.Text("value") ?? "";
        }

        return variables;
    }

    private static string Full(string path) => "/" + path.Trim('/');

    private bool IsFolder(string path) => state.Files.ContainsKey(path == "/" ? "/" : path + "/");

    private int Cat(string path, byte to)
    {
        if (!state.Files.TryGetValue(Full(path), out byte[]? content))
        {
            Say(Error, $"cat: {path}: No such file or directory\n");
            return 1;
        }

        write(to, content);
        return 0;
    }

    private int List(string path, byte to)
    {
        string full = Full(path), prefix = full == "/" ? "/" : full + "/";
        if (!IsFolder(full))
        {
            return state.Files.ContainsKey(full) ? Say(to, path + "\n") : Say(Error, $"ls: {path}: No such file or directory\n") + 1;
        }

        IEnumerable<string> names = state.Files.Keys.Where(name => name.Length > prefix.Length && name.StartsWith(prefix, StringComparison.Ordinal))
            .Select(name => name[prefix.Length..].Split('/')[0]).Distinct().Order(StringComparer.Ordinal);
        return Say(to, string.Concat(names.Select(name => name + "\n")));
    }

    // The arguments of the script.
    private int CopyIn(string[] copy)
    {
        string destination = Full(copy[0]), name = copy[1];
        bool folder = copy[2] == "folder", content = copy[3] == "1", wants = copy[4] == "1";
        string target = IsFolder(destination) && !content ? Full($"{destination}/{name}") : destination;
        string? refusal = IsFolder(destination) ? null
            : state.Files.ContainsKey(destination) ? folder || wants ? "IsFile" : null
            : (wants && !folder) || !IsFolder(Full(destination[..destination.LastIndexOf('/')])) ? "NoFolder" : null;
        Dictionary<string, byte[]> whole = [];
        try
        {
            using TarReader reader = new(new MemoryStream(input));
            while (reader.GetNextEntry() is { } entry)
            {
                using MemoryStream bytes = new();
                entry.DataStream?.CopyTo(bytes);
                whole[entry.EntryType == TarEntryType.Directory ? entry.Name.TrimEnd('/') + "/" : entry.Name] = bytes.ToArray();
            }
        }
        catch (Exception e) when (e is EndOfStreamException or InvalidDataException or FormatException)
        {
            refusal ??= "Short";
        }

        refusal ??= whole.Remove("end") ? !folder && IsFolder(target) ? "IsFolder" : null : "Short";
        if (refusal is not null)
        {
            Say(Output, $"!{refusal}\n");
            return 64;
        }

        foreach ((string path, byte[] bytes) in whole)
        {
            state.Files[target + path[1..]] = bytes;
        }

        return Say(Output, $"={target}\n");
    }

    private int CopyOut(string[] copy)
    {
        bool content = copy[0].EndsWith("/.", StringComparison.Ordinal);
        string path = Full(content ? copy[0][..^2] : copy[0]);
        bool folder = IsFolder(path);
        if (!folder && !state.Files.ContainsKey(path))
        {
            Say(Output, "!NoPath\n");
            return 64;
        }

        using MemoryStream tar = new();
        using (TarWriter writer = new(tar, TarEntryFormat.Gnu, leaveOpen: true))
        {
            string name = path[(path.LastIndexOf('/') + 1)..];
            foreach ((string file, byte[] bytes) in state.Files.OrderBy(file => file.Key, StringComparer.Ordinal))
            {
                if (file == path || (folder && file.StartsWith(path == "/" ? "/" : path + "/", StringComparison.Ordinal)))
                {
                    string entry = "./" + (content ? file[path.Length..].TrimStart('/') : name + file[path.Length..]);
                    writer.WriteEntry(file.EndsWith('/') ? new GnuTarEntry(TarEntryType.Directory, entry) : new GnuTarEntry(TarEntryType.RegularFile, entry) { DataStream = new MemoryStream(bytes) });
                }
            }
        }

        Say(Output, folder ? "=folder\n" : "=file\n");
        write(Output, tar.ToArray());
        return 0;
    }
}
