namespace CloudLab.Core.Containers.Compose;

/// <summary>Which compose project is meant: its files, and what goes into them.</summary>
public sealed record ComposeSource
{
    private static readonly string[] Names = ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];

    /// <summary>Folder in which compose runs; without files it looks for <c>compose.yaml</c> there and in the folders above.</summary>
    public required string Folder { get; init; }

    /// <summary>Full paths of compose files, each adding to those before it; none for the one of <see cref="Folder"/>.</summary>
    public IReadOnlyList<string> Files { get; init; } = [];

    /// <summary>Name of the project; compose's own choice if null.</summary>
    public string? ProjectName { get; init; }

    /// <summary>Profiles to enable; <c>*</c> for all.</summary>
    public IReadOnlyList<string> Profiles { get; init; } = [];

    /// <summary>Full paths of files with variables, instead of <c>.env</c>.</summary>
    public IReadOnlyList<string> EnvFiles { get; init; } = [];

    /// <summary>What stands in a message for the project.</summary>
    internal string Shown => Files.Count > 0 ? string.Join(", ", Files) : Folder;

    /// <summary>The first of its files: the one that compose would find if none is given; null where there is none.</summary>
    internal string? FirstFile
    {
        get
        {
            if (Files.Count > 0)
            {
                return Files[0];
            }

            for (DirectoryInfo? folder = new(Folder); folder is not null; folder = folder.Parent)
            {
                if (Array.Find(Names, name => File.Exists(Path.Combine(folder.FullName, name))) is { } found)
                {
                    return Path.Combine(folder.FullName, found);
                }
            }

            return null;
        }
    }

    internal IEnumerable<string> Arguments()
    {
        List<string> arguments = [];
        Each("--file", Files);
        Each("--project-name", ProjectName is { } name ? [name] : []);
        Each("--profile", Profiles);
        Each("--env-file", EnvFiles);
        return arguments;

        void Each(string option, IEnumerable<string> values) => arguments.AddRange(values.SelectMany(value => new[] { option, value }));
    }
}
