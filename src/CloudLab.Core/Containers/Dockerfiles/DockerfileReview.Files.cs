using System.Text.RegularExpressions;
using CloudLab.Core.Common.Review;

namespace CloudLab.Core.Containers.Dockerfiles;

/// <content>COPY, ADD, and secrets.</content>
public sealed partial class DockerfileReview
{
    private static readonly string[] Archives = [".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tbz", ".tar.xz", ".txz", ".tar.zst", ".tzst"];

    private static readonly string[] SecretWords = ["password", "passwd", "pword", "secret", "token", "apikey", "api_key", "credential"];

    private static readonly string[] SecretFiles =
        [".env", ".npmrc", ".netrc", "_netrc", ".pypirc", ".git-credentials", ".htpasswd", "id_rsa", "id_dsa", "id_ecdsa", "id_ed25519", "credentials.json", "service-account.json", ".dockerconfigjson", "kubeconfig"];

    private void ReviewCopy(DockerfileStage stage, DockerfileInstruction about, DockerfileInstruction meant, StageReview facts)
    {
        string[] sources = [.. meant.Words.SkipLast(1).Where(word => Dockerfile.HeredocOf(word) is null)];
        string destination = Expand(meant.Words[^1], stage.Variables).Text;
        if (meant.Words.Count > 2 && !destination.EndsWith('/') && !destination.EndsWith('\\') && destination is not ("." or ".." or "") && !destination.EndsWith("/.", StringComparison.Ordinal)
            && !(stage.HasWorkdir && IsWithin(stage.Workdir, IgnorePattern.Clean(destination))))
        {
            Add(DockerfileRule.CopyDestinationNotFolder, about, $"{meant.Words.Count - 1} sources go to {meant.Words[^1]}, which does not end with '/'.", $"Write {meant.Words[^1]}/.");
        }

        bool isAbsolute = destination.StartsWith('/') || destination.StartsWith('\\') || destination.Contains(':', StringComparison.Ordinal) || destination.Length == 0;
        if (!isAbsolute && !stage.HasWorkdir && stage.Image != "scratch" && about == meant)
        {
            Add(DockerfileRule.CopyRelativeDestination, about, $"The destination {meant.Words[^1]} is relative, and the stage has no WORKDIR.");
        }

        if (meant.FlagValues("chmod").Any(IsForEverybody))
        {
            Add(DockerfileRule.WorldWritable, about, "Files are made writable for everybody.", "Write --chmod=755, or 644 for files that are only read.");
        }

        facts.Copied.Add(IgnorePattern.Clean(isAbsolute ? destination : stage.Workdir + "/" + destination));
        if (meant.Flag("from") is { } from)
        {
            ReviewOrigin(stage, about, from, isMount: false);
            if (sources.Contains("/") && destination == "/")
            {
                Add(DockerfileRule.CopyWholeFilesystem, about, $"The whole file system of {from} is copied.");
            }

            return;
        }

        foreach (string source in sources)
        {
            ReviewSource(stage, about, meant, source, facts);
        }
    }

    private void ReviewSource(DockerfileStage stage, DockerfileInstruction about, DockerfileInstruction meant, string raw, StageReview facts)
    {
        string source = Expand(raw, stage.Variables).Text;
        bool isVariable = raw.Contains('$', StringComparison.Ordinal);
        if (RemoteUrl().IsMatch(source))
        {
            if (meant.Name == "ADD" && !RepositoryUrl().IsMatch(source) && meant.Flag("checksum") is null)
            {
                Add(DockerfileRule.AddRemoteUrl, about, "ADD downloads a file without a checksum.");
            }

            return;
        }

        string path = IgnorePattern.Clean(source.Replace('\\', '/')).TrimStart('/');
        if (meant.Name == "ADD" && !isVariable && !source.StartsWith("git@", StringComparison.Ordinal) && !Archives.Any(end => source.TrimEnd('*').EndsWith(end, StringComparison.OrdinalIgnoreCase)))
        {
            Add(DockerfileRule.AddInsteadOfCopy, about, $"ADD does for {raw} what COPY does.", "COPY " + string.Join(' ', meant.Words));
        }

        string name = path[(path.LastIndexOf('/') + 1)..];
        if (SecretFiles.Contains(name, StringComparer.OrdinalIgnoreCase) || name.EndsWith(".pfx", StringComparison.OrdinalIgnoreCase) || name.EndsWith(".p12", StringComparison.OrdinalIgnoreCase)
            || (path.EndsWith(".aws/credentials", StringComparison.Ordinal)))
        {
            Add(DockerfileRule.SecretFileCopied, about, $"{raw} usually holds secrets.", severity: facts.Shipped ? null : FindingSeverity.Low);
        }

        bool isWhole = path is "." or "" or "*";
        if (isWhole)
        {
            facts.WholeContext = about;
            if (ignore is { Path: null })
            {
                Add(DockerfileRule.DockerignoreMissing, about, $"{meant.Name} {raw} takes the whole context, and there is no .dockerignore.");
            }
        }

        ReviewInContext(about, meant, raw, path, isWhole || isVariable);
    }

    private void ReviewInContext(DockerfileInstruction about, DockerfileInstruction meant, string raw, string path, bool isUnclear)
    {
        if (ignore is { HasExceptions: false } && (path is "." or ""
            ? ignore.Patterns.FirstOrDefault(pattern => pattern.Path is "*" or "**" or "**/*")
            : ignore.Ignores(path)) is { } by)
        {
            Add(DockerfileRule.CopyIgnoredFile, about, $"{meant.Name} takes {raw}, which line {by.Line} of {Path.GetFileName(ignore.Path)} leaves out: {by.Source}.");
        }
        else if (options.Context is { } known && !isUnclear && path.AsSpan().IndexOfAny("*?[") < 0 && !Path.Exists(Path.Combine(known, path)))
        {
            Add(DockerfileRule.CopySourceMissing, about, $"{raw} is not in the build context.");
        }
    }

    // What --from means: a stage above, or an image.
    private void ReviewOrigin(DockerfileStage stage, DockerfileInstruction about, string from, bool isMount)
    {
        bool isNumber = int.TryParse(from, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out int number);
        if (from.Length == 0 || Find(from, stage.Index) is not null)
        {
            return;
        }

        if (from.Contains('$', StringComparison.Ordinal))
        {
            if (!isMount)
            {
                Add(DockerfileRule.CopyFromUnknown, about, "Variables are not replaced in --from.", "Write FROM with the variable and AS name above, and --from=name.", "DL3022");
            }

            return;
        }

        if (from.Equals(stage.Name, StringComparison.OrdinalIgnoreCase) || (isNumber && number == stage.Index))
        {
            Add(DockerfileRule.CopyFromUnknown, about, $"--from={from} is the stage that it stands in.", "Copy with cp in a RUN.", "DL3023");
        }
        else if (isNumber)
        {
            Add(DockerfileRule.CopyFromUnknown, about, $"There is no stage {from} above.", hadolint: "DL3022");
        }
        else if (byName.ContainsKey(from))
        {
            Add(DockerfileRule.CopyFromUnknown, about, $"The stage {from} comes later.", $"Move the stage {from} above.", "DL3022");
        }
        else if (ImageProblem(from) is not null)
        {
            Add(DockerfileRule.CopyFromUnknown, about, $"{from} is neither a stage nor the name of an image.", hadolint: "DL3022");
        }
        else if (from.AsSpan().IndexOfAny("/:@") < 0 && Near(from, stages.Take(stage.Index).Select(other => other.Name).OfType<string>()) is { } near)
        {
            Add(DockerfileRule.CopyFromUnknown, about, $"There is no stage {from}, so an image of that name is pulled.", $"Write --from={near}.", "DL3022");
        }
        else
        {
            ReviewImageName(about, from, from);
        }
    }

    private static bool IsForEverybody(string mode)
    {
        string digits = mode.TrimStart('0');
        return digits is "777" or "666" or "776" || mode.Split(',').Any(part => part is "a+w" or "o+w" or "ugo+w" or "a+rwx" or "o+rwx" or "ugo+rwx" or "+rwx" or "a=rwx" or "ugo=rwx");
    }

    // Names that say secret, and texts that look like one. Their values never go into a finding.
    private void ReviewSecrets(DockerfileInstruction about, DockerfileInstruction meant)
    {
        foreach (string name in meant.Name is "ENV" or "ARG" ? meant.Pairs().Where(pair => SecretText.IsName(pair.Name) && !SecretText.IsHarmless(pair.Value)).Select(pair => pair.Name) : [])
        {
            Add(DockerfileRule.SecretsUsedInArgOrEnv, about, $"{meant.Name} has {name}, whose name says that it is secret.");
        }

        string? kind = meant.Heredocs.Select(heredoc => heredoc.Content).Prepend(meant.Rest).Select(SecretText.KindIn).FirstOrDefault(found => found is not null);
        if (kind is not null)
        {
            Add(DockerfileRule.SecretLiteral, about, $"{meant.Name} has {kind} in it.");
        }
    }

    [GeneratedRegex("^(https?|ftp|git|ssh)://", RegexOptions.IgnoreCase)]
    private static partial Regex RemoteUrl();

    // What BuildKit clones and does not download; raw.githubusercontent.com and github.io are not among it.
    [GeneratedRegex("^(git|ssh)://|\\.git(?:[#?].*)?$", RegexOptions.IgnoreCase)]
    private static partial Regex RepositoryUrl();
}
