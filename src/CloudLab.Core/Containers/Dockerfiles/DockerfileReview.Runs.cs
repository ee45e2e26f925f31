using System.Globalization;

namespace CloudLab.Core.Containers.Dockerfiles;

/// <content>RUN: what its commands do.</content>
public sealed partial class DockerfileReview
{
    private static readonly string[] Pointless = ["vi", "vim", "nano", "emacs", "shutdown", "reboot", "halt", "top", "htop", "free", "ifconfig", "mount"];

    private static readonly string[] Shells = ["sh", "bash", "ash", "dash", "zsh"];

    // Their failure matters, and a pipe hides it.
    private static readonly string[] Failing = ["curl", "wget", "git", "gpg", "openssl", "tar", "gunzip", "zcat", "unzip", "make", "cargo", "npm", "pip", "pip3", "go"];

    private void ReviewRun(DockerfileStage stage, DockerfileInstruction about, DockerfileInstruction run, StageReview facts)
    {
        foreach (string mount in run.FlagValues("mount"))
        {
            if (MountValue(mount, "from") is { } from)
            {
                ReviewOrigin(stage, about, from, isMount: true);
            }
        }

        if (facts.Previous is { Name: "RUN" } last && about.Comments.Count == 0)
        {
            Add(DockerfileRule.ConsecutiveRun, about, $"It follows the RUN of line {last.Line}.");
        }

        if (Script(stage, run) is not { } script)
        {
            return;
        }

        IReadOnlyList<ShellCommand> commands = run.IsJson && !IsShellList(run) ? [new(run.Words.Count > 0 ? [.. run.Words] : [":"], [], false, false)] : ShellScript.Read(script);
        RunReview all = new(commands, script, run, facts.Shipped);
        ReviewPackages(stage, about, all, facts);
        ReviewShell(stage, about, all, facts);
        foreach (ShellCommand command in commands)
        {
            ReviewCommand(about, command);
        }

        if (commands.Count > 0 && commands.All(command => command.Name == "chown" || (command.Name == "chmod" && command.HasShort('R')))
            && commands.SelectMany(command => command.Operands.Skip(1)).Select(path => IgnorePattern.Clean(path.StartsWith('/') ? path : stage.Workdir + "/" + path)).Any(path => facts.Copied.Exists(copied => IsWithin(copied, path))))
        {
            Add(DockerfileRule.OwnershipLayer, about, $"{commands[0].Name} stores again what was copied before.");
        }
    }

    private static bool IsWithin(string path, string folder) => path == folder || path.StartsWith(folder == "/" ? folder : folder + "/", StringComparison.Ordinal);

    private static bool IsShellList(DockerfileInstruction run) => run.Words.Count > 2 && Shells.Contains(run.Words[0][(run.Words[0].LastIndexOf('/') + 1)..]) && run.Words[1].EndsWith('c');

    // The text that a POSIX shell reads; null where another program reads it.
    private string? Script(DockerfileStage stage, DockerfileInstruction run)
    {
        if (run.IsJson)
        {
            return IsShellList(run) ? run.Words[2] : string.Join(' ', run.Words);
        }

        if (IsForeignShell(stage))
        {
            return null;
        }

        if (run.Heredocs.Count == 0 || Dockerfile.HeredocOf(run.Rest) is null)
        {
            return run.Rest;
        }

        string content = run.Heredocs[0].Content;
        int end = content.IndexOf('\n', StringComparison.Ordinal);
        string first = content.StartsWith("#!", StringComparison.Ordinal) ? content[2..(end < 0 ? content.Length : end)] : "sh";
        return first.Split([' ', '/'], StringSplitOptions.RemoveEmptyEntries).Any(word => Shells.Contains(word.Trim())) ? content : null;
    }

    private void ReviewShell(DockerfileStage stage, DockerfileInstruction about, RunReview all, StageReview facts)
    {
        IReadOnlyList<ShellCommand> commands = all.Commands;
        if (commands.FirstOrDefault(command => command.Prefix.Contains("sudo")) is not null)
        {
            Add(DockerfileRule.SudoUsed, about, "RUN uses sudo.");
        }

        if (commands.Count > 0 && commands[0] is { Name: "cd", Words: [_, ['/' or '$', ..], ..] } cd)
        {
            Add(DockerfileRule.CdInRun, about, commands.Count == 1 ? "cd has no effect on the next instruction." : "RUN begins with cd.", $"WORKDIR {cd.Words[1]}");
        }

        bool safe = stage.Shell?.Any(word => word.Contains("pipefail", StringComparison.Ordinal)) == true || all.Text.Contains("pipefail", StringComparison.Ordinal);
        if (!safe && commands.FirstOrDefault(command => command.Pipes && Failing.Contains(command.Name)) is { } failing)
        {
            Add(DockerfileRule.PipefailMissing, about, $"If {failing.Name} fails, RUN goes on.");
        }

        for (int i = 1; i < commands.Count; i++)
        {
            bool runs = Shells.Contains(commands[i].Name) || (commands[i].Name is "python" or "python3" or "perl" or "ruby" or "node" && commands[i].Words.Skip(1).All(word => word == "-"));
            bool downloads = commands[i - 1].Name is "curl" or "wget";
            if (runs && downloads && ((commands[i].IsPiped && commands[i - 1].Pipes) || (commands[i].HasShort('c') && commands[i].Words.Contains("$(…)"))))
            {
                Add(DockerfileRule.RemoteScriptRun, about, $"What {commands[i - 1].Name} downloads is run by {commands[i].Name} at once.");
                break;
            }
        }

        foreach (string program in commands.Select(command => command.Name).Where(name => name is "curl" or "wget"))
        {
            if (facts.Downloaders.Add(program) && facts.Downloaders.Count > 1)
            {
                Add(DockerfileRule.WgetAndCurl, about, $"The stage uses {string.Join(" and ", facts.Downloaders)}.");
            }
        }
    }

    private void ReviewCommand(DockerfileInstruction about, ShellCommand command)
    {
        string? disabled = command.Name switch
        {
            "curl" when command.Has("--insecure") || command.HasShort('k') => "curl does not check certificates",
            "wget" when command.Has("--no-check-certificate") => "wget does not check certificates",
            "apt-get" or "apt" when command.Has("--allow-unauthenticated", "--force-yes") => "apt does not check signatures",
            "apk" when command.Has("--allow-untrusted") => "apk does not check signatures",
            "yum" or "dnf" or "microdnf" when command.Has("--nogpgcheck") => command.Name + " does not check signatures",
            "zypper" when command.Has("--no-gpg-checks") => "zypper does not check signatures",
            "npm" or "yarn" when command.Has("strict-ssl") && command.Has("false") || command.Has("--strict-ssl=false") => command.Name + " does not check certificates",
            "git" when command.Has("http.sslVerify", "http.sslverify") && command.Has("false") => "git does not check certificates",
            "pip" or "pip3" when command.Words.Any(word => word.StartsWith("--trusted-host", StringComparison.Ordinal)) => "pip does not check certificates",
            _ when command.Prefix.Any(word => word is "GIT_SSL_NO_VERIFY=true" or "GIT_SSL_NO_VERIFY=1" or "NODE_TLS_REJECT_UNAUTHORIZED=0" or "PYTHONHTTPSVERIFY=0") => command.Name + " does not check certificates",
            _ => null,
        };
        if (disabled is not null)
        {
            Add(DockerfileRule.VerificationDisabled, about, disabled + ".");
        }

        if (command.Name is "curl" && command.Words.SkipWhile(word => word is not ("-u" or "--user")).Skip(1).FirstOrDefault() is { } user
            && user.Contains(':', StringComparison.Ordinal) && !user.EndsWith(':') && !user.Contains('$', StringComparison.Ordinal))
        {
            Add(DockerfileRule.SecretLiteral, about, "curl is given a user with a password.");
        }

        if (command.Name == "chmod" && command.Operands.FirstOrDefault() is { } mode && IsForEverybody(mode))
        {
            Add(DockerfileRule.WorldWritable, about, $"chmod {mode} makes files writable for everybody.", "Use chown for the user that writes them, and 755.");
        }

        if (command.Name == "useradd" && !command.Has("--no-log-init") && !command.HasShort('l')
            && command.Words.SkipWhile(word => word is not ("-u" or "--uid")).Skip(1).FirstOrDefault() is { Length: > 5 } id && id.All(char.IsAsciiDigit))
        {
            Add(DockerfileRule.UserAddHighUid, about, $"useradd makes a user with the id {id} without -l.");
        }

        if (Pointless.Contains(command.Name))
        {
            Add(DockerfileRule.PointlessCommand, about, $"{command.Name} makes no sense in a build.");
        }

        if (command.Name == "ln" && command.Words[^1] is "/bin/sh" or "/usr/bin/sh")
        {
            Add(DockerfileRule.ShellLink, about, $"{command.Words[^1]} is replaced by a link.");
        }
    }

    /// <summary>Names of variables that a shell replaces in a text: not those in single quotes or behind a backslash.</summary>
    private static HashSet<string> ShellVariables(string text)
    {
        HashSet<string> names = new(StringComparer.Ordinal);
        bool quoted = false;
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            if (c == '\\')
            {
                i++;
            }
            else if (c == '"')
            {
                quoted = !quoted;
            }
            else if (c == '\'' && !quoted)
            {
                int end = text.IndexOf('\'', i + 1);
                i = end < 0 ? i : end;
            }
            else if (c == '$')
            {
                int start = i + 1 < text.Length && text[i + 1] == '{' ? i + 2 : i + 1, end = start;
                while (end < text.Length && (char.IsAsciiLetterOrDigit(text[end]) || text[end] == '_'))
                {
                    end++;
                }

                // ${NAME:-default} is written for the case that it is empty.
                bool hasDefault = start == i + 2 && end < text.Length && text[end] is ':' or '-' or '+';
                if (end > start && !hasDefault)
                {
                    names.Add(text[start..end]);
                }
            }
        }

        return names;
    }

    private static bool IsAssigned(string script, string name)
    {
        for (int at = script.IndexOf(name, StringComparison.Ordinal); at >= 0; at = script.IndexOf(name, at + 1, StringComparison.Ordinal))
        {
            bool begins = at == 0 || !(char.IsAsciiLetterOrDigit(script[at - 1]) || script[at - 1] is '_' or '$' or '{' or '-');
            int end = at + name.Length;
            if (begins && ((end < script.Length && script[end] == '=') || script.AsSpan(0, at).TrimEnd().EndsWith("read") || script.AsSpan(0, at).TrimEnd().EndsWith("for")))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>A RUN while it is reviewed.</summary>
    /// <param name="commands">Its commands.</param>
    /// <param name="text">Its script.</param>
    /// <param name="run">The instruction.</param>
    /// <param name="shipped">Whether what it leaves is in the image.</param>
    private sealed class RunReview(IReadOnlyList<ShellCommand> commands, string text, DockerfileInstruction run, bool shipped)
    {
        /// <summary>Its commands.</summary>
        public IReadOnlyList<ShellCommand> Commands => commands;

        /// <summary>Its script.</summary>
        public string Text => text;

        /// <summary>Whether what it leaves in a folder is in the image: it is not removed, and nothing is mounted there.</summary>
        public bool Keeps(params string[] folders) => shipped
            && !commands.Any(command => command.Name is "rm" or "find" && command.Words.SelectMany(Braces).Any(word => folders.Any(folder => IsWithin(folder, word.TrimEnd('*', '/')) || IsWithin(word, folder))))
            && !run.FlagValues("mount").Any(mount => MountValue(mount, "type") is "cache" or "tmpfs"
                && (MountValue(mount, "target") ?? MountValue(mount, "dst") ?? MountValue(mount, "destination")) is { } target && folders.Any(folder => IsWithin(folder, target.TrimEnd('/')) || IsWithin(target, folder)));

        // One pair of them, as it is used for folders.
        private static IEnumerable<string> Braces(string word)
        {
            int open = word.IndexOf('{', StringComparison.Ordinal), close = word.IndexOf('}', StringComparison.Ordinal);
            return open >= 0 && close > open && (open == 0 || word[open - 1] != '$') ? word[(open + 1)..close].Split(',').Select(part => word[..open] + part + word[(close + 1)..]) : [word];
        }

        /// <summary>Whether anything is mounted as a cache.</summary>
        public bool HasCache => run.FlagValues("mount").Any(mount => MountValue(mount, "type") == "cache");
    }
}
