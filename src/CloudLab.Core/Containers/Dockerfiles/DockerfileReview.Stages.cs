using CloudLab.Core.Common;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Review;
using CloudLab.Core.Containers.Images;

namespace CloudLab.Core.Containers.Dockerfiles;

/// <content>FROM, variables, and what is said once for a stage or for the image.</content>
public sealed partial class DockerfileReview
{
    private void ReviewStage(DockerfileStage stage, bool shipped)
    {
        ReviewFrom(stage);
        if (Find(stage.Base, stage.Index) is { } parent && !int.TryParse(stage.Base, out _))
        {
            stage.Inherit(parent);
        }

        StageReview facts = new(shipped);
        foreach (DockerfileInstruction instruction in stage.Instructions)
        {
            DockerfileInstruction meant = instruction.Trigger ?? instruction;
            ReviewSecrets(instruction, meant);
            if (instruction.Trigger is null)
            {
                ReviewVariables(stage, instruction);
            }

            switch (meant.Name)
            {
                case "MAINTAINER":
                    Add(DockerfileRule.MaintainerDeprecated, instruction, "MAINTAINER is no longer used.");
                    break;
                case "ENV" or "LABEL":
                    ReviewPairs(instruction, meant);
                    break;
                case "COPY" or "ADD":
                    ReviewCopy(stage, instruction, meant, facts);
                    break;
                case "RUN":
                    ReviewRun(stage, instruction, meant, facts);
                    break;
                case "EXPOSE":
                    ReviewExpose(stage, instruction, meant);
                    break;
                case "CMD" or "ENTRYPOINT" or "HEALTHCHECK" when instruction.Trigger is null:
                    ReviewProcess(stage, instruction, facts);
                    break;
            }

            facts.Previous = instruction;
            if (instruction.Trigger is null)
            {
                Apply(stage, instruction);
            }
        }
    }

    private void ReviewFrom(DockerfileStage stage)
    {
        DockerfileInstruction from = stage.From;
        if (from.Words.Count == 3)
        {
            string name = from.Words[2], keyword = from.Words[1];
            if (name != name.ToLowerInvariant())
            {
                Add(DockerfileRule.StageNameCasing, from, $"The name of the stage {name} has upper-case letters.", $"Write {name.ToLowerInvariant()}.");
            }

            string expected = from.Keyword == from.Name ? "AS" : from.Keyword == from.Name.ToLowerInvariant() ? "as" : keyword;
            if (keyword != expected)
            {
                Add(DockerfileRule.FromAsCasing, from, $"{keyword} is not in the same case as {from.Keyword}.", $"Write {expected}.");
            }

            if (stage.Name is "scratch" or "context")
            {
                Add(DockerfileRule.ReservedStageName, from, $"A stage cannot well be named {stage.Name}.");
            }

            if (Find(from.Words[2], stage.Index) is not null)
            {
                Add(DockerfileRule.DuplicateStageName, from, $"There is a stage {stage.Name} already.");
            }
        }

        ReviewPlatform(stage);
        string raw = from.Words[0];
        ExpandedWord given = Expand(raw, global);
        ReviewMissing(from, given);
        string? invalid = ImageProblem(Expand(raw, defaults).Text);
        if (invalid is not null)
        {
            bool hasVariable = raw.Contains('$', StringComparison.Ordinal);
            Add(
                DockerfileRule.InvalidDefaultArgInFrom, from, hasVariable ? $"Without build arguments {raw} is no valid image name." : $"{raw} is no valid image name: {invalid}.",
                hasVariable ? null : "[registry/]repository:tag, in lower case.");
        }

        if (given.Problem is not null || ImageProblem(given.Text) is not null || Find(given.Text, stage.Index) is not null || given.Text == "scratch")
        {
            return;
        }

        ReviewImageName(from, raw, given.Text);
    }

    private void ReviewImageName(DockerfileInstruction about, string shown, string image)
    {
        bool hasDigest = image.Contains('@', StringComparison.Ordinal);
        (string repository, string? tag) = ImageName.Split(hasDigest ? image[..image.IndexOf('@', StringComparison.Ordinal)] : image);
        if (tag is null && !hasDigest)
        {
            Add(DockerfileRule.ImageTagMissing, about, $"The image {shown} has no tag.", $"Write {repository}: and the tag of a version.");
        }
        else if (tag == "latest" && !hasDigest)
        {
            Add(DockerfileRule.ImageTagLatest, about, $"The image {shown} is used by the tag latest.", $"Write {repository}: and the tag of a version.");
        }
        else if (!hasDigest)
        {
            Add(DockerfileRule.ImageNotPinned, about, $"The image {shown} is not pinned by its digest.", $"{image}@sha256:…");
        }
    }

    private void ReviewPlatform(DockerfileStage stage)
    {
        if (stage.From.Flag("platform") is not { } raw)
        {
            return;
        }

        ExpandedWord platform = Expand(raw, global);
        ReviewMissing(stage.From, platform);
        if (platform.Found.Count == 1 && platform.Missing.Count == 0 && platform.Found.Contains("TARGETPLATFORM") && platform.Text == global["TARGETPLATFORM"])
        {
            Add(DockerfileRule.RedundantTargetPlatform, stage.From, $"--platform={raw} is what FROM does without.");
        }

        if (platform.Found.Count == 0 && platform.Missing.Count == 0)
        {
            try
            {
                string[] parts = PlatformName.Parse(platform.Text).Split('/');
                if (stage.Name is not { } name || (!name.Contains(parts[0], StringComparison.Ordinal) && !name.Contains(parts[1], StringComparison.Ordinal)))
                {
                    Add(DockerfileRule.FromPlatformFlagConstDisallowed, stage.From, $"--platform={raw} is written out.");
                }
            }
            catch (LabException e)
            {
                Add(DockerfileRule.SyntaxError, stage.From, e.Message, "Write --platform=linux/amd64, or a variable.");
            }
        }
    }

    private void ReviewMissing(DockerfileInstruction from, ExpandedWord word)
    {
        if (word.Problem is { } problem)
        {
            Add(DockerfileRule.SyntaxError, from, $"The variables of FROM cannot be replaced: {problem}.");
        }

        foreach (string name in word.Missing.Where(name => !globalNames.Contains(name)))
        {
            string? near = Near(name, globalNames.Concat(PlatformNames));
            Add(
                DockerfileRule.UndefinedArgInFrom, from, $"No ARG before the first FROM declares {name}.", near is null ? $"Write ARG {name}=default before the first FROM." : $"{near} may be meant.");
        }
    }

    private static string? ImageProblem(string image)
    {
        try
        {
            ImageName.Parse(image);
            return null;
        }
        catch (LabException e)
        {
            return e.Message[(e.Message.LastIndexOf(": ", StringComparison.Ordinal) + 2)..].TrimEnd('.');
        }
    }

    // Variables that BuildKit replaces, and those that the shell of a RUN does.
    private void ReviewVariables(DockerfileStage stage, DockerfileInstruction instruction)
    {
        HashSet<string> missing = new(StringComparer.Ordinal);
        foreach (string word in Replaced(instruction))
        {
            Take(Expand(word, stage.Variables));
        }

        if (instruction.Name is "COPY" or "ADD")
        {
            foreach (DockerfileHeredoc heredoc in instruction.Heredocs.Where(heredoc => heredoc.Expands))
            {
                Take(DockerfileWord.Expand(heredoc.Content, '\\', name => stage.Variables.GetValueOrDefault(name), keepsQuotes: true));
            }
        }

        if (instruction.Name == "ENV")
        {
            ReviewSelf(instruction, missing);
        }

        // ENV NAME=…:$NAME adds to what the base image may have.
        HashSet<string> extended = instruction.Name == "ENV" ? [.. instruction.Pairs().Select(pair => pair.Name)] : [];
        foreach (string name in missing.Where(name => !stage.Declared.Contains(name) && !name.StartsWith("BUILDKIT_SBOM_SCAN_", StringComparison.Ordinal) && (stage.KnowsVariables || !extended.Contains(name)) && IsSurelyMissing(stage, name)))
        {
            string? near = Near(name, stage.Variables.Keys.Concat(stage.Declared));
            bool outside = globalNames.Contains(name) || PlatformNames.Contains(name);
            Add(
                DockerfileRule.UndefinedVar, instruction, $"The variable {name} is not defined.",
                outside ? $"Write ARG {name} in the stage." : near is null ? $"Write ARG {name} or ENV {name}=value before it." : $"{near} may be meant.");
        }

        if (instruction.Name == "RUN" && !instruction.IsJson && !IsForeignShell(stage))
        {
            string script = string.Join('\n', instruction.Heredocs.Where(heredoc => heredoc.Expands).Select(heredoc => heredoc.Content).Prepend(instruction.Rest));
            foreach (string name in ShellVariables(script).Where(name => (globalNames.Contains(name) || PlatformNames.Contains(name))
                && !stage.Declared.Contains(name) && !stage.Variables.ContainsKey(name) && !IsOfImage(stage, name) && !IsAssigned(script, name)))
            {
                Add(
                    DockerfileRule.ArgOutOfScope, instruction, globalNames.Contains(name) ? $"{name} is declared only before FROM and is empty here." : $"{name} is empty here until the stage declares it.",
                    $"Write ARG {name} in the stage.");
            }
        }

        void Take(ExpandedWord word)
        {
            missing.UnionWith(word.Missing);
            if (word.Problem is { } problem)
            {
                Add(DockerfileRule.SyntaxError, instruction, $"The variables of {instruction.Name} cannot be replaced: {problem}.");
            }
        }
    }

    private static IEnumerable<string> Replaced(DockerfileInstruction instruction) => instruction.Name switch
    {
        "ENV" or "LABEL" => instruction.Pairs().SelectMany(pair => new[] { pair.Name, pair.Value ?? "" }),
        "ARG" => instruction.Pairs().Select(pair => pair.Value ?? ""),
        "COPY" or "ADD" => instruction.Words.Where(word => Dockerfile.HeredocOf(word) is null).Concat(instruction.FlagValues("chown")).Concat(instruction.FlagValues("chmod")).Concat(instruction.FlagValues("checksum")),
        "WORKDIR" or "USER" or "VOLUME" or "STOPSIGNAL" or "EXPOSE" => instruction.Words,
        _ => [],
    };

    private void ReviewSelf(DockerfileInstruction instruction, HashSet<string> missing)
    {
        HashSet<string> set = new(StringComparer.Ordinal);
        foreach ((string name, string? value) in instruction.Pairs())
        {
            foreach (string used in Expand(value ?? "", []).Missing.Where(used => set.Contains(used) && missing.Contains(used)))
            {
                Add(DockerfileRule.EnvSelfReference, instruction, $"{name} uses {used}, which the same ENV defines.", $"Write ENV {used}=… and ENV {name}=… as two instructions.");
            }

            set.Add(name);
        }
    }

    // The base image may define what this file does not. Where the name stands elsewhere in the file, or nearly, it is no variable of the image.
    private bool IsSurelyMissing(DockerfileStage stage, string name) => stage.KnowsVariables
        || (!IsOfImage(stage, name) && (globalNames.Contains(name) || PlatformNames.Contains(name) || mentioned.Contains(name)
            || Near(name, mentioned.Concat(stage.Variables.Keys).Where(other => Math.Abs(other.Length - name.Length) < 3)) is { } near && NearestNames.Distance(near, name) < 3 && name.Length > 4));

    // Images usually define NODE_VERSION, GOLANG_VERSION, PYTHON_VERSION and the like.
    private static bool IsOfImage(DockerfileStage stage, string name)
    {
        string image = stage.Image.Split('@')[0];
        string own = new([.. ImageName.Split(image).Repository.Split('/')[^1].ToUpperInvariant().Select(c => char.IsAsciiLetterOrDigit(c) ? c : '_')]);
        return own.Length > 1 && (name.StartsWith(own + "_", StringComparison.Ordinal) || name is "GOPATH" or "JAVA_HOME");
    }

    private void Apply(DockerfileStage stage, DockerfileInstruction instruction)
    {
        switch (instruction.Name)
        {
            case "ARG":
                foreach ((string name, string? value) in instruction.Pairs())
                {
                    string? set = options.BuildArgs.TryGetValue(name, out string? given) ? given
                        : value is not null ? Expand(value, stage.Variables).Text : global.GetValueOrDefault(name);
                    stage.Declared.Add(name);
                    if (set is not null)
                    {
                        stage.Variables[name] = set;
                    }
                }

                break;
            case "ENV":
                // All values of one instruction are replaced before any of them is set.
                foreach ((string name, string value) in instruction.Pairs().Select(pair => (Expand(pair.Name, stage.Variables).Text, Expand(pair.Value ?? "", stage.Variables).Text)).ToArray())
                {
                    stage.Variables[name] = value;
                }

                break;
            case "WORKDIR":
                ExpandedWord place = Expand(instruction.Words[0], stage.Variables);
                string folder = place.Text;
                bool rooted = folder.StartsWith('/') || (IsForeignShell(stage) && (folder.Contains(':', StringComparison.Ordinal) || folder.StartsWith('\\')));
                // What the base image may define is usually a folder from the root.
                if (!stage.HasWorkdir && !rooted && !(instruction.Words[0].StartsWith('$') && place.Missing.Count > 0 && !stage.KnowsVariables))
                {
                    Add(DockerfileRule.WorkdirRelativePath, instruction, $"WORKDIR {instruction.Words[0]} is relative, and there is none before it.");
                }

                stage.HasWorkdir = true;
                stage.Workdir = IgnorePattern.Clean(rooted ? folder : stage.Workdir + "/" + folder);
                break;
            case "SHELL":
                stage.Shell = instruction.Words;
                break;
            case "USER":
                stage.User = instruction;
                break;
        }
    }

    /// <summary>Whether RUN is not read by a POSIX shell.</summary>
    private bool IsForeignShell(DockerfileStage stage) => stage.Shell is { Count: > 0 } shell
        ? Path.GetFileNameWithoutExtension(shell[0].Replace('\\', '/')).ToLowerInvariant() is not ("sh" or "bash" or "ash" or "dash" or "zsh" or "ksh")
        : IsWindows || file.Escape == '`' || new[] { "windows", "nanoserver", "dotnet/framework/" }.Any(word => stage.Image.Contains(word, StringComparison.Ordinal));

    // What can be said only of the stage that becomes the image.
    private void ReviewImage(DockerfileStage stage)
    {
        DockerfileInstruction[] all = [.. stage.Chain().Reverse().SelectMany(part => part.Instructions)];
        if (stage.User is { } user)
        {
            string name = Expand(user.Words[0], stage.Variables).Text;
            string first = name.Split(':')[0];
            if (first is "root" or "0" || first.Equals("ContainerAdministrator", StringComparison.OrdinalIgnoreCase))
            {
                Add(DockerfileRule.RootUser, user, $"The last USER is {first}.");
            }
            else if (first.Length > 0 && !char.IsAsciiDigit(first[0]))
            {
                Add(DockerfileRule.UserNotNumeric, user, $"USER {user.Words[0]} is a name.");
            }
        }
        else if (!IsForeignShell(stage) && !IsRootless(stage.Image) && Array.Exists(all, one => one.Name is "CMD" or "ENTRYPOINT") && !DropsPrivileges(all))
        {
            Add(DockerfileRule.UserMissing, stage.From, "The image has no USER.");
        }

        if (!Array.Exists(all, one => one.Name == "HEALTHCHECK") && Array.Exists(all, one => one.Name is "CMD" or "ENTRYPOINT"))
        {
            Add(DockerfileRule.HealthcheckMissing, stage.From, "The image has no HEALTHCHECK.");
        }
    }

    private static bool IsRootless(string image) => image.Contains("nonroot", StringComparison.Ordinal) || image.Contains("rootless", StringComparison.Ordinal)
        || image.Contains("unprivileged", StringComparison.Ordinal) || image.Contains("chiseled", StringComparison.Ordinal);

    // The usual way of images that start as root: the entry point changes to another user.
    private static bool DropsPrivileges(IEnumerable<DockerfileInstruction> all) => all.Any(one => one.Name is "RUN" or "COPY" or "ADD" or "ENTRYPOINT" or "ENV"
        && new[] { "gosu", "su-exec", "setpriv", "docker-entrypoint" }.Any(word => one.Rest.Contains(word, StringComparison.OrdinalIgnoreCase)));

    /// <summary>What a stage is known by while it is reviewed.</summary>
    /// <param name="shipped">Whether its files are in the image.</param>
    private sealed class StageReview(bool shipped)
    {
        /// <summary>Whether its files are in the image.</summary>
        public bool Shipped => shipped;

        /// <summary>The instruction that copied the whole context, until it is spoken of.</summary>
        public DockerfileInstruction? WholeContext { get; set; }

        /// <summary>Package managers that ran.</summary>
        public HashSet<string> Installed { get; } = new(StringComparer.Ordinal);

        /// <summary>Where files were copied to.</summary>
        public List<string> Copied { get; } = [];

        /// <summary>CMD, ENTRYPOINT and HEALTHCHECK so far, by keyword.</summary>
        public Dictionary<string, DockerfileInstruction> Process { get; } = [];

        /// <summary>Programs that download.</summary>
        public HashSet<string> Downloaders { get; } = new(StringComparer.Ordinal);

        /// <summary>The instruction right before.</summary>
        public DockerfileInstruction? Previous { get; set; }
    }

    private void ReviewPairs(DockerfileInstruction about, DockerfileInstruction meant)
    {
        if (meant.IsOldForm)
        {
            Add(DockerfileRule.LegacyKeyValueFormat, about, $"{meant.Name} {meant.Pairs().First().Name} has the old form without '='.", $"{meant.Name} {meant.Pairs().First().Name}=value");
        }

        foreach ((string name, string? value) in meant.Name == "LABEL" ? meant.Pairs() : [])
        {
            string key = name.Trim('"', '\'');
            if (key.Length > 0 && !key.Contains('$', StringComparison.Ordinal) && (!key.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '.' or '-' or '_' or '/') || !char.IsAsciiLetterOrDigit(key[0]) || !char.IsAsciiLetterOrDigit(key[^1])))
            {
                Add(DockerfileRule.LabelInvalid, about, $"The key {key} of a label is not valid.", hadolint: "DL3048");
            }
            else if ((value ?? "").Trim('"', '\'').Length == 0)
            {
                Add(DockerfileRule.LabelInvalid, about, $"The label {key} is empty.", "Give it a value, or remove it.", "DL3051");
            }
        }
    }

    private void ReviewExpose(DockerfileStage stage, DockerfileInstruction about, DockerfileInstruction meant)
    {
        foreach (string raw in meant.Words)
        {
            ExpandedWord word = Expand(raw, stage.Variables);
            string port = word.Text;
            if (port.Length == 0 || word.Missing.Count > 0)
            {
                continue;
            }

            string[] parts = port.Split('/');
            int colon = parts[0].LastIndexOf(':');
            string number = parts[0][(colon + 1)..], protocol = parts.Length > 1 ? parts[1] : "";
            string[] ends = number.Split('-');
            bool valid = parts.Length < 3 && protocol.ToLowerInvariant() is "" or "tcp" or "udp" or "sctp" && ends.Length < 3
                && Array.TrueForAll(ends, end => int.TryParse(end, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out int value) && value <= 65535)
                && int.Parse(ends[^1], System.Globalization.CultureInfo.InvariantCulture) >= int.Parse(ends[0], System.Globalization.CultureInfo.InvariantCulture);
            if (!valid)
            {
                Add(DockerfileRule.ExposeInvalidPort, about, $"{raw} is no port.");
                continue;
            }

            if (protocol != protocol.ToLowerInvariant())
            {
                Add(DockerfileRule.ExposeProtoCasing, about, $"The protocol of {raw} is not in lower case.", $"EXPOSE {number}/{protocol.ToLowerInvariant()}");
            }

            if (colon >= 0)
            {
                Add(DockerfileRule.ExposeInvalidFormat, about, $"{raw} has an address or a port of the host.", $"EXPOSE {number}");
            }
        }
    }

    private void ReviewProcess(DockerfileStage stage, DockerfileInstruction instruction, StageReview facts)
    {
        if (facts.Process.TryGetValue(instruction.Name, out DockerfileInstruction? earlier))
        {
            string hadolint = instruction.Name switch { "CMD" => "DL4003", "ENTRYPOINT" => "DL4004", _ => "DL3012" };
            AddAt(
                DockerfileRule.MultipleInstructionsDisallowed, earlier.Line, earlier.EndLine, earlier.Name, $"Only the {earlier.Name} of line {instruction.Line} counts.", $"Remove this {earlier.Name}.",
                [.. earlier.Comments, .. instruction.Comments], hadolint);
        }

        facts.Process[instruction.Name] = instruction;
        if (instruction.Name is "CMD" or "ENTRYPOINT" && !instruction.IsJson && stage.Shell is null && !IsReplaced(instruction.Rest))
        {
            Add(DockerfileRule.JSONArgsRecommended, instruction, $"{instruction.Name} is a line for the shell.", $"{instruction.Name} {JsonForm(instruction.Rest)}");
        }

        if (instruction.Name is "CMD" or "ENTRYPOINT" && facts.Process.TryGetValue("ENTRYPOINT", out DockerfileInstruction? entry) && !entry.IsJson && entry.Words.Count > 0 && facts.Process.ContainsKey("CMD"))
        {
            Add(DockerfileRule.EntrypointIgnoresCmd, entry, "ENTRYPOINT is a line for the shell and ignores CMD.");
        }
    }

    // A shell that replaces itself by the command is not in the way of signals.
    private static bool IsReplaced(string command) => ShellScript.Read(command) is [{ Prefix: ["exec", ..] }];

    // The command itself where it is plain; where a shell is needed, or where something in it may be secret, only the form.
    private static string JsonForm(string command)
    {
        IReadOnlyList<ShellCommand> commands = ShellScript.Read(command);
        bool plain = commands.Count == 1 && commands[0].Prefix.Count == 0 && command.Length < 200 && command.AsSpan().IndexOfAny("$`*?~<>|&;(){}") < 0 && !command.StartsWith('[')
            && !Array.Exists(SecretWords, word => command.Contains(word, StringComparison.OrdinalIgnoreCase));
        return plain ? $"[{string.Join(", ", commands[0].Words.Select(word => $"\"{word.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\""))}]" : "[\"executable\", \"argument\"]";
    }
}
