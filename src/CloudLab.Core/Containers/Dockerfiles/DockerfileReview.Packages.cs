using CloudLab.Core.Common;

namespace CloudLab.Core.Containers.Dockerfiles;

/// <content>RUN: package managers.</content>
public sealed partial class DockerfileReview
{
    // Options of pip and npm that take the next word.
    private static readonly string[] WithValue =
    [
        "-r", "--requirement", "-c", "--constraint", "-e", "--editable", "-i", "--index-url", "--extra-index-url", "-f", "--find-links", "-t", "--target", "--prefix", "--root", "--platform", "--python-version",
        "--progress-bar", "--timeout", "--retries", "--trusted-host", "--cache-dir", "--proxy", "--registry", "--cache", "--loglevel", "--upgrade-strategy", "--only-binary", "--no-binary", "-v", "--version",
    ];

    // Texts that were looked for in the whole file: what configures a package manager, usually in an earlier RUN.
    private readonly Dictionary<string, bool> configured = new(StringComparer.Ordinal);

    private void ReviewPackages(DockerfileStage stage, DockerfileInstruction about, RunReview all, StageReview facts)
    {
        HashSet<string> reported = [];
        foreach (ShellCommand command in all.Commands)
        {
            (string manager, string? action, IReadOnlyList<string> packages) = Action(command);
            bool installs = action is "install" or "add" or "in" or "i" or "ci";
            switch (manager)
            {
                case "apt":
                    ReviewApt(about, command, action, packages, all, reported);
                    break;
                case "apk":
                    ReviewApk(about, command, action, packages, all, reported);
                    break;
                case "yum" or "dnf" or "zypper":
                    ReviewRpm(about, command, manager, action, packages, all, reported);
                    break;
                case "pip" when installs:
                    ReviewPip(stage, about, command, packages, all, reported);
                    break;
                case "yarn" when action is null or "install" && all.Keeps("/usr/local/share/.cache", "/root/.cache", "/root/.yarn") && !all.HasCache && !all.Commands.Any(other => other.Name == "yarn" && other.Has("cache") && other.Has("clean")):
                    Once(DockerfileRule.PackageCacheLeft, "The cache of yarn stays in the image.", "&& yarn cache clean", "DL3060");
                    break;
                case "npm" when action is "install" or "i" or "add":
                    foreach (string package in packages.Where(package => IsName(package) && package.LastIndexOf('@') is var at && (at <= 0 || package[at..] == "@latest")))
                    {
                        Once(DockerfileRule.PackageNotPinned, $"npm installs {package} without a version.", $"Write {package.Replace("@latest", "", StringComparison.Ordinal)}@ and the version.", "DL3016");
                    }

                    break;
                case "gem" when action == "install" && !command.Has("-v", "--version"):
                    foreach (string package in packages.Where(package => IsName(package) && !package.Contains(':', StringComparison.Ordinal)))
                    {
                        Once(DockerfileRule.PackageNotPinned, $"gem installs {package} without a version.", $"Write {package}: and the version.", "DL3028");
                    }

                    break;
                case "go" when action == "install":
                    foreach (string package in packages.Where(package => package.EndsWith("@latest", StringComparison.Ordinal)))
                    {
                        Once(DockerfileRule.PackageNotPinned, $"go installs {package}.", $"Write {package[..^"latest".Length]} and the version.", "DL3062");
                    }

                    break;
            }

            ReviewOrder(about, manager, action, packages, facts);
        }

        void Once(DockerfileRule rule, string message, string fix, string hadolint) => AddOnce(reported, rule, about, message, fix, hadolint);
    }

    private void AddOnce(HashSet<string> reported, DockerfileRule rule, DockerfileInstruction about, string message, string fix, string? hadolint = null)
    {
        if (reported.Add(rule.Id + hadolint))
        {
            Add(rule, about, message, fix, hadolint);
        }
    }

    // The manager, what it is asked for, and the packages.
    private static (string Manager, string? Action, IReadOnlyList<string> Packages) Action(ShellCommand command)
    {
        string manager = command.Name switch
        {
            "apt" or "apt-get" or "aptitude" => "apt",
            "dnf" or "microdnf" or "dnf5" or "tdnf" => "dnf",
            "pip" or "pip2" or "pip3" => "pip",
            "python" or "python3" or "python2" when command.Words is [_, "-m", "pip", ..] => "pip",
            _ => command.Name,
        };
        IEnumerable<string> words = command.Words.Skip(command.Name.StartsWith("python", StringComparison.Ordinal) ? 3 : 1);
        List<string> operands = [];
        bool skip = false;
        foreach (string word in words)
        {
            if (skip || word.StartsWith('-') || word.Length == 0)
            {
                skip = !skip && (manager is "pip" or "npm" or "gem" ? WithValue.Contains(word) : manager is "apt" or "apk" && word is "-o" or "-t" or "-c" or "-X" or "--repository" or "--virtual" or "--target-release");
                continue;
            }

            operands.Add(word);
        }

        return (manager, operands.FirstOrDefault(), [.. operands.Skip(1)]);
    }

    private static bool IsName(string package) => package.Length > 0 && package[0] is not ('.' or '/' or '$' or '~') && !package.Contains('$', StringComparison.Ordinal)
        && !package.Contains("://", StringComparison.Ordinal) && !package.Contains(".tgz", StringComparison.Ordinal) && !package.Contains(".tar", StringComparison.Ordinal) && !package.StartsWith("git+", StringComparison.Ordinal);

    private void ReviewUnpinned(DockerfileInstruction about, string manager, IReadOnlyList<string> packages, string hadolint, HashSet<string> reported)
    {
        string[] unpinned = [.. packages.Where(package => IsName(package) && !package.Contains('=', StringComparison.Ordinal) && !(manager is "yum" or "dnf" && package.Any(char.IsAsciiDigit)))];
        if (unpinned.Length > 0)
        {
            AddOnce(reported, DockerfileRule.SystemPackageNotPinned, about, $"{manager} installs {SomeOf.Names(unpinned, 5)} without a version.", DockerfileRule.SystemPackageNotPinned.Fix, hadolint);
        }
    }

    private void ReviewApt(DockerfileInstruction about, ShellCommand command, string? action, IReadOnlyList<string> packages, RunReview all, HashSet<string> reported)
    {
        if (command.Name == "apt" && action is "install" or "update" or "upgrade" or "remove" or "purge")
        {
            AddOnce(reported, DockerfileRule.AptInsteadOfAptGet, about, "apt is used.", DockerfileRule.AptInsteadOfAptGet.Fix);
        }

        bool installs(ShellCommand other) => Action(other) is { Manager: "apt", Action: "install" or "build-dep" or "upgrade" or "dist-upgrade" or "full-upgrade" or "satisfy" };
        switch (action)
        {
            case "update":
                if (!all.Commands.Any(installs) && !all.Commands.Any(other => other.Name is "apt-cache" or "apt-mark") && IsAlone(all))
                {
                    AddOnce(reported, DockerfileRule.UpdateAlone, about, "apt-get update stands in a RUN that installs nothing.", DockerfileRule.UpdateAlone.Fix);
                }
                else if (all.Keeps("/var/lib/apt/lists") && !all.Commands.Any(other => other.Name is "apt" or "apt-get" && other.Has("dist-clean", "distclean")))
                {
                    AddOnce(reported, DockerfileRule.PackageListsLeft, about, "The package lists of apt stay in the image.", DockerfileRule.PackageListsLeft.Fix);
                }

                break;
            case "dist-upgrade" or "full-upgrade":
                AddOnce(reported, DockerfileRule.DistributionUpgrade, about, "The whole distribution is upgraded.", DockerfileRule.DistributionUpgrade.Fix, "DL3035");
                break;
            case "install":
                bool assumes = command.Has("-y", "--yes", "--assume-yes", "-qq", "--force-yes") || command.HasShort('y') || command.Words.Any(word => word.Contains("qq", StringComparison.Ordinal) && word.StartsWith('-'))
                    || command.Words.Any(word => word.Contains("Assume-Yes", StringComparison.OrdinalIgnoreCase)) || (command.Words.Any(word => word is "-q=2"))
                    || IsConfigured("Assume-Yes") || command.IsPiped || command.Has("-s", "--simulate", "--download-only", "-d");
                if (!assumes)
                {
                    AddOnce(reported, DockerfileRule.PromptsInBuild, about, $"{command.Name} install asks before it installs.", $"{command.Name} install -y", "DL3014");
                }

                bool few = command.Has("--no-install-recommends") || command.Words.Any(word => word.Contains("Install-Recommends", StringComparison.OrdinalIgnoreCase))
                    || IsConfigured("APT::Install-Recommends");
                if (!few)
                {
                    AddOnce(reported, DockerfileRule.NoInstallRecommends, about, $"{command.Name} installs recommended packages, too.", $"{command.Name} install -y --no-install-recommends");
                }

                ReviewUnpinned(about, "apt", packages, "DL3008", reported);
                break;
        }
    }

    private bool IsConfigured(string text) => configured.TryGetValue(text, out bool known) ? known : configured[text] = file.Instructions.Any(
        other => other.Heredocs.Select(heredoc => heredoc.Content).Prepend(other.Rest).Any(part => part.Contains(text, StringComparison.OrdinalIgnoreCase)));

    // Where much else is done, the lists may well be for that.
    private static bool IsAlone(RunReview all) => all.Commands.All(command => command.Name is "apt" or "apt-get" or "apk" or "rm" or "set" or ":" or "echo" or "sed");

    private void ReviewApk(DockerfileInstruction about, ShellCommand command, string? action, IReadOnlyList<string> packages, RunReview all, HashSet<string> reported)
    {
        if (action == "update" && !all.Commands.Any(other => other.Name == "apk" && other.Has("add", "upgrade")) && IsAlone(all))
        {
            AddOnce(reported, DockerfileRule.UpdateAlone, about, "apk update stands in a RUN that installs nothing.", "apk add --no-cache package needs no update.");
        }

        if (action != "add")
        {
            return;
        }

        if (!command.Has("--no-cache", "--no-network") && all.Keeps("/var/cache/apk", "/etc/apk/cache"))
        {
            AddOnce(reported, DockerfileRule.PackageCacheLeft, about, "The cache of apk stays in the image.", "apk add --no-cache", "DL3019");
        }

        ReviewUnpinned(about, "apk", packages, "DL3018", reported);
    }

    private void ReviewRpm(DockerfileInstruction about, ShellCommand command, string manager, string? action, IReadOnlyList<string> packages, RunReview all, HashSet<string> reported)
    {
        bool zypper = manager == "zypper";
        if (zypper && action is "dup" or "dist-upgrade")
        {
            AddOnce(reported, DockerfileRule.DistributionUpgrade, about, "The whole distribution is upgraded.", DockerfileRule.DistributionUpgrade.Fix, "DL3035");
        }

        if (action is not ("install" or "in" or "groupinstall" or "localinstall" or "reinstall"))
        {
            return;
        }

        bool assumes = command.Has("-y", "--assumeyes", "--non-interactive", "-n", "--no-confirm") || command.HasShort('y') || command.Name == "microdnf" || command.IsPiped || (!zypper && IsConfigured("assumeyes"));
        if (!assumes)
        {
            AddOnce(reported, DockerfileRule.PromptsInBuild, about, $"{command.Name} install asks before it installs.", $"{command.Name} install -y", zypper ? "DL3034" : manager == "yum" ? "DL3030" : "DL3038");
        }

        bool cleaned = all.Commands.Any(other => other.Name is "yum" or "dnf" or "microdnf" or "dnf5" or "tdnf" or "zypper" && other.Has("clean", "cc"));
        if (!cleaned && all.Keeps(zypper ? "/var/cache/zypp" : manager == "yum" ? "/var/cache/yum" : "/var/cache/dnf", "/var/cache/libdnf5"))
        {
            AddOnce(
                reported, DockerfileRule.PackageCacheLeft, about, $"The cache of {command.Name} stays in the image.", zypper ? "&& zypper clean" : $"&& {command.Name} clean all",
                zypper ? "DL3036" : manager == "yum" ? "DL3032" : "DL3040");
        }

        ReviewUnpinned(about, manager, packages, zypper ? "DL3037" : manager == "yum" ? "DL3033" : "DL3041", reported);
    }

    private void ReviewPip(DockerfileStage stage, DockerfileInstruction about, ShellCommand command, IReadOnlyList<string> packages, RunReview all, HashSet<string> reported)
    {
        bool noCache = command.Has("--no-cache-dir", "--no-cache") || stage.Variables.ContainsKey("PIP_NO_CACHE_DIR") || all.Text.Contains("PIP_NO_CACHE_DIR", StringComparison.Ordinal);
        if (!noCache && !all.HasCache && all.Keeps("/root/.cache") && !all.Commands.Any(other => Action(other) is { Manager: "pip", Action: "cache" } && other.Has("purge")))
        {
            AddOnce(reported, DockerfileRule.PackageCacheLeft, about, "The cache of pip stays in the image.", "pip install --no-cache-dir", "DL3042");
        }

        string[] unpinned =
        [
            .. packages.Where(package => IsName(package) && package is not ("pip" or "setuptools" or "wheel") && package.AsSpan().IndexOfAny("=<>~@!/") < 0
                && !package.EndsWith(".whl", StringComparison.Ordinal) && !package.EndsWith(".txt", StringComparison.Ordinal)),
        ];
        if (unpinned.Length > 0 && !command.Has("-c", "--constraint", "--no-index"))
        {
            AddOnce(reported, DockerfileRule.PackageNotPinned, about, $"pip installs {SomeOf.Names(unpinned, 5)} without a version.", $"Write {unpinned[0]}== and the version.", "DL3013");
        }
    }

    // Dependencies that are installed after all files were copied are installed anew for each change of any file.
    private void ReviewOrder(DockerfileInstruction about, string manager, string? action, IReadOnlyList<string> packages, StageReview facts)
    {
        bool installs = manager switch
        {
            "apt" or "yum" or "dnf" or "zypper" => action is "install" or "in",
            "apk" => action == "add",
            "npm" or "pnpm" => action is "ci" or "install" or "i",
            "yarn" => action is null or "install",
            "pip" => action == "install" && packages.All(package => package is not ("." or "./")),
            "bundle" or "composer" or "poetry" or "pipenv" => action == "install",
            "uv" => action == "sync",
            "go" => action == "mod" && packages.Contains("download"),
            "cargo" => action == "fetch",
            "dotnet" => action == "restore",
            "mvn" => action?.StartsWith("dependency:", StringComparison.Ordinal) == true,
            _ => false,
        };
        if (installs && facts.Installed.Add(manager) && facts.WholeContext is { } copied)
        {
            facts.WholeContext = null;
            Add(DockerfileRule.CacheBustingOrder, copied, $"All files are copied before {manager} installs, in line {about.Line}.");
        }
    }
}
