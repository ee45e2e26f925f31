using System.Collections;
using System.Collections.Specialized;
using System.Management.Automation;
using System.Text;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Kubernetes.Manifests;
using CloudLab.Core.Kubernetes.Resources;

namespace CloudLab.Cmdlets.Kubernetes.Manifests;

/// <summary>Base of the cmdlets that take manifests: reads them from paths, text and objects, all of them before anything is sent.</summary>
public abstract class ManifestCommand : KubeCommand
{
    private const string PathSet = "Path";
    private const string LiteralPathSet = "LiteralPath";
    private const string ManifestSet = "Manifest";

    // In the order of the inputs.
    private readonly List<Func<CancellationToken, Task>> reads = [];
    private readonly List<ManifestItem> items = [];
    private readonly StringBuilder lines = new();
    private bool inText;
    private int inputs;

    /// <summary>Manifest files (YAML or JSON) or folders of them; wildcards are allowed.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = PathSet)]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[] Path { get; set; } = [];

    /// <summary>Manifest files or folders, without wildcards.</summary>
    [Parameter(Mandatory = true, ParameterSetName = LiteralPathSet, ValueFromPipelineByPropertyName = true)]
    [Alias("PSPath", "LP")]
    [ValidateNotNullOrEmpty]
    public string[] LiteralPath { get; set; } = [];

    /// <summary>The manifest itself: YAML or JSON text (also line by line, as from Get-Content), a hashtable, output of Get-LabResource, or a file from Get-ChildItem.</summary>
    [Parameter(Mandatory = true, ParameterSetName = ManifestSet, ValueFromPipeline = true)]
    [AllowEmptyString]
    [InputAsWritten]
    public object? Manifest { get; set; }

    /// <summary>Includes subfolders; links to folders are not followed.</summary>
    [Parameter]
    [Alias("R")]
    public SwitchParameter Recurse { get; set; }

    /// <summary>Lets the server run all its checks without storing anything.</summary>
    [Parameter]
    public SwitchParameter DryRun { get; set; }

    /// <summary>How long to wait with -Wait: seconds or a TimeSpan.</summary>
    [Parameter]
    [Seconds]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>How many requests to send at the same time.</summary>
    [Parameter]
    [ValidateRange(1, 256)]
    public int ThrottleLimit { get; set; } = 64;

    /// <summary>What was read so far.</summary>
    protected IReadOnlyCollection<ManifestItem> Items => items;

    /// <summary>Namespace of the command line; an input's own property of that name is not meant.</summary>
    protected string? GivenNamespace { get; private set; }

    /// <summary>True where only kinds and names matter, not contents.</summary>
    protected virtual bool NamesOnly => false;

    /// <inheritdoc/>
    protected override void OnBegin()
    {
        base.OnBegin();
        GivenNamespace = string.IsNullOrEmpty(Namespace) ? null : Namespace;
        if (Timeout < TimeSpan.Zero)
        {
            throw new LabException(LabErrorKind.InvalidArgument, "InvalidTimeout", "-Timeout cannot be negative: give seconds, as in -Timeout 300.");
        }
    }

    /// <inheritdoc/>
    protected override void OnProcess()
    {
        switch (ParameterSetName)
        {
            case PathSet:
                foreach (string path in Path)
                {
                    ReadPaths(path, Resolve(path));
                }

                break;
            case LiteralPathSet:
                foreach (string path in LiteralPath)
                {
                    ReadPaths(path, [FilePath.Of(this, path)]);
                }

                break;
            default:
                Read(Manifest);
                break;
        }
    }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        foreach (Func<CancellationToken, Task> read in reads)
        {
            await read(cancellation);
        }

        reads.Clear();
    }

    /// <summary>Reads what came line by line, when all inputs have come.</summary>
    /// <param name="cancellation">Stops reading.</param>
    /// <returns>Done when it is among <see cref="Items"/>.</returns>
    protected Task ReadRestAsync(CancellationToken cancellation)
    {
        EndLines();
        return ProcessAsync(cancellation);
    }

    /// <summary>The options that both directions share.</summary>
    /// <returns>Options to add to.</returns>
    protected ManifestOptions ManifestOptions() => new()
    {
        DefaultNamespace = Connection.Namespace,
        Namespace = GivenNamespace,
        DryRun = DryRun,
        Timeout = Timeout,
        ThrottleLimit = ThrottleLimit,
    };

    private void Read(object? input)
    {
        inputs++;
        object? value;
        try
        {
            value = PlainObject.Of(input);
        }
        catch (LabException e)
        {
            EndLines();
            Add([ManifestReader.Unusable(input, inputs, e)]);
            return;
        }

        switch (value)
        {
            case null:
                break;
            case string text when text.Contains('\n', StringComparison.Ordinal):
                EndLines();
                Add(ManifestReader.ReadText(text));
                break;
            // In the middle of a text, a line that happens to be called like a file is none.
            case string line when !inText && PathOf(line) is { } path:
                EndLines();
                ReadPaths(line, [path]);
                break;
            case string line:
                inText = inText || !string.IsNullOrWhiteSpace(line);
                lines.AppendLine(line);
                break;
            case FileSystemInfo file:
                EndLines();
                ReadPaths(file.FullName, [file.FullName]);
                break;
            case IEnumerable many and not IDictionary:
                foreach (object? one in many)
                {
                    Read(one);
                }

                break;
            default:
                EndLines();
                Add(ManifestReader.ReadObject(value, inputs, NamesOnly, PlainObject.Of));
                break;
        }
    }

    // The file or folder that a line names; null where it is a line of a manifest.
    private string? PathOf(string line)
    {
        bool manifest = ManifestReader.IsManifestName(line);
        if (line.Length is 0 or > 1000 || line.Contains(": ", StringComparison.Ordinal) || line.TrimStart() is ['{' or '#' or '-', ..])
        {
            return null;
        }

        try
        {
            string path = FilePath.Of(this, line);
            return manifest || File.Exists(path) || Directory.Exists(path) ? path : null;
        }
        catch (Exception e) when (!manifest && e is RuntimeException or NotSupportedException or ArgumentException or LabException)
        {
            // A line such as "metadata:" reads like a drive.
            return null;
        }
    }

    private IReadOnlyCollection<string> Resolve(string path)
    {
        IReadOnlyCollection<string> found;
        try
        {
            found = FilePath.Matching(this, path);
        }
        catch (Exception e) when (e is ItemNotFoundException or System.Management.Automation.DriveNotFoundException)
        {
            found = [];
        }

        if (found.Count == 0)
        {
            WriteError(ErrorMapper.ToRecord(
                new LabException(LabErrorKind.NotFound, "ManifestNotFound", $"There is no manifest '{path}': give a file, a folder or a wildcard that matches one."), path));
        }

        return found;
    }

    // Reading waits for the disk, or a pipe: not here on the pipeline thread, which Ctrl+C could not free.
    private void ReadPaths(string asked, IReadOnlyCollection<string> paths) => reads.Add(async cancellation =>
    {
        foreach (string path in paths)
        {
            try
            {
                await foreach (ManifestItem item in ManifestReader.ReadPathAsync(path, Recurse, cancellation))
                {
                    items.Add(item);
                }
            }
            catch (LabException e)
            {
                WriteProblem(e, asked);
            }
        }
    });

    private void Add(IEnumerable<ManifestItem> more) => reads.Add(_ =>
    {
        items.AddRange(more);
        return Task.CompletedTask;
    });

    private void EndLines()
    {
        if (lines.Length > 0)
        {
            Add(ManifestReader.ReadText(lines.ToString()));
            lines.Clear();
            inText = false;
        }
    }
}
