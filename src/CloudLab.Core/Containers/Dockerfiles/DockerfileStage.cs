namespace CloudLab.Core.Containers.Dockerfiles;

/// <summary>A stage of a Dockerfile, and what is known of it as far as it has been walked through.</summary>
/// <param name="index">Its number, counted from zero.</param>
/// <param name="from">Its FROM.</param>
internal sealed class DockerfileStage(int index, DockerfileInstruction from)
{
    /// <summary>What BuildKit gives a stage from scratch.</summary>
    private const string DefaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    /// <summary>Its number, counted from zero.</summary>
    public int Index => index;

    /// <summary>Its FROM.</summary>
    public DockerfileInstruction From => from;

    /// <summary>Its name in lower case; null if it has none.</summary>
    public string? Name { get; } = from.Words.Count == 3 ? from.Words[2].ToLowerInvariant() : null;

    /// <summary>Its name, or its number.</summary>
    public string Label => Name ?? index.ToString(System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Its base image with variables replaced.</summary>
    public string Base
    {
        get;
        set
        {
            field = value;
            (Image, KnowsVariables) = (value, value == "scratch");
        }
    } = "";

    /// <summary>The stage that is its base; null for an image.</summary>
    public DockerfileStage? Parent { get; private set; }

    /// <summary>Its instructions without FROM.</summary>
    public List<DockerfileInstruction> Instructions { get; } = [];

    /// <summary>Stages that it copies or mounts from.</summary>
    public HashSet<DockerfileStage> Sources { get; } = [];

    /// <summary>Variables that have a value.</summary>
    public Dictionary<string, string> Variables { get; } = new(StringComparer.Ordinal) { ["PATH"] = DefaultPath };

    /// <summary>Arguments that are declared, with or without a value.</summary>
    public HashSet<string> Declared { get; } = new(StringComparer.Ordinal);

    /// <summary>Whether every variable is known, because it begins from scratch.</summary>
    public bool KnowsVariables { get; private set; }

    /// <summary>The image at the beginning of its chain of stages.</summary>
    public string Image { get; private set; } = "";

    /// <summary>Whether there was a WORKDIR.</summary>
    public bool HasWorkdir { get; set; }

    /// <summary>The current folder, where it is known.</summary>
    public string Workdir { get; set; } = "/";

    /// <summary>What SHELL says; null without one.</summary>
    public IReadOnlyList<string>? Shell { get; set; }

    /// <summary>The last USER.</summary>
    public DockerfileInstruction? User { get; set; }

    /// <summary>Makes it begin where another stage ends.</summary>
    /// <param name="parent">That stage.</param>
    public void Inherit(DockerfileStage parent)
    {
        Parent = parent;
        (HasWorkdir, Workdir, Shell, User, Image, KnowsVariables) = (parent.HasWorkdir, parent.Workdir, parent.Shell, parent.User, parent.Image, parent.KnowsVariables);
        Declared.UnionWith(parent.Declared);
        foreach ((string name, string value) in parent.Variables)
        {
            Variables[name] = value;
        }
    }

    /// <summary>It and the stages that it is made of or copies from.</summary>
    /// <returns>The stages.</returns>
    public HashSet<DockerfileStage> Needed()
    {
        HashSet<DockerfileStage> needed = [];
        Stack<DockerfileStage> open = new([this]);
        while (open.TryPop(out DockerfileStage? stage))
        {
            if (needed.Add(stage))
            {
                foreach (DockerfileStage other in stage.Sources.Concat(stage.Parent is { } parent ? [parent] : []))
                {
                    open.Push(other);
                }
            }
        }

        return needed;
    }

    /// <summary>It and the stages whose files are in it.</summary>
    /// <returns>The stages, the last one first.</returns>
    public IEnumerable<DockerfileStage> Chain()
    {
        for (DockerfileStage? stage = this; stage is not null; stage = stage.Parent)
        {
            yield return stage;
        }
    }
}
