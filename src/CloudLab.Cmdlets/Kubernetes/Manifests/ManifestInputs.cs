using System.Collections;
using System.Management.Automation;
using System.Text;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Kubernetes.Manifests;

namespace CloudLab.Cmdlets.Kubernetes.Manifests;

/// <summary>Reads manifests for a cmdlet, from paths, text and objects, in the order of the inputs.</summary>
/// <param name="owner">The cmdlet.</param>
/// <param name="problem">Told what is wrong with an input, and which.</param>
internal sealed class ManifestInputs(PSCmdlet owner, Action<LabException, object?> problem)
{
    /// <summary>Parameter set of paths with wildcards.</summary>
    public const string PathSet = "Path";

    /// <summary>Parameter set of paths as they are.</summary>
    public const string LiteralPathSet = "LiteralPath";

    /// <summary>Parameter set of text and objects.</summary>
    public const string ManifestSet = "Manifest";

    // In the order of the inputs.
    private readonly List<Func<CancellationToken, Task>> reads = [];
    private readonly List<ManifestItem> items = [];
    private readonly StringBuilder lines = new();
    private bool inText;
    private int inputs;

    /// <summary>What was read so far.</summary>
    public IReadOnlyCollection<ManifestItem> Items => items;

    /// <summary>Whether an input could not be read at all.</summary>
    public bool Failed { get; private set; }

    /// <summary>Whether subfolders are read.</summary>
    public bool Recurse { get; init; }

    /// <summary>Whether only kinds and names matter.</summary>
    public bool NamesOnly { get; init; }

    /// <summary>Whether it is read for a review, which wants to know where everything stands.</summary>
    public bool ForReview { get; init; }

    /// <summary>Adds what the parameters of a set were given. On the pipeline thread.</summary>
    /// <param name="set">The parameter set.</param>
    /// <param name="path">Paths with wildcards.</param>
    /// <param name="literalPath">Paths as they are.</param>
    /// <param name="manifest">Text or an object.</param>
    public void Add(string set, string[] path, string[] literalPath, object? manifest)
    {
        switch (set)
        {
            case PathSet:
                AddPaths(path);
                break;
            case LiteralPathSet:
                AddLiteralPaths(literalPath);
                break;
            default:
                Add(manifest);
                break;
        }
    }

    private void AddPaths(string[] paths)
    {
        foreach (string path in paths)
        {
            ReadPaths(path, Resolve(path));
        }
    }

    private void AddLiteralPaths(string[] paths)
    {
        foreach (string path in paths)
        {
            ReadPaths(path, [FilePath.Of(owner, path)]);
        }
    }

    /// <summary>Reads what was added.</summary>
    /// <param name="cancellation">Stops reading.</param>
    /// <returns>Done when it is among <see cref="Items"/>.</returns>
    public async Task ReadAsync(CancellationToken cancellation)
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
    public Task ReadRestAsync(CancellationToken cancellation)
    {
        EndLines();
        return ReadAsync(cancellation);
    }

    /// <summary>Takes out what was read, for who goes on with each input.</summary>
    /// <returns>The items.</returns>
    public ManifestItem[] Take()
    {
        ManifestItem[] taken = [.. items];
        items.Clear();
        return taken;
    }

    /// <summary>Adds text, a line of it, an object or a file. On the pipeline thread.</summary>
    /// <param name="input">The input.</param>
    public void Add(object? input)
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
                Add(ManifestReader.ReadText(text, review: ForReview));
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
                    Add(one);
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
            string path = FilePath.Of(owner, line);
            return manifest || File.Exists(path) || Directory.Exists(path) ? path : null;
        }
        catch (Exception e) when (e is RuntimeException or NotSupportedException or ArgumentException or LabException)
        {
            // A line such as "metadata:" reads like a drive; of C:\web.yaml on Linux the reader says that there is no such file.
            return manifest ? line : null;
        }
    }

    private IReadOnlyCollection<string> Resolve(string path)
    {
        IReadOnlyCollection<string> found;
        try
        {
            found = FilePath.Matching(owner, path);
        }
        catch (Exception e) when (e is ItemNotFoundException or System.Management.Automation.DriveNotFoundException)
        {
            found = [];
        }

        if (found.Count == 0)
        {
            Fail(
                new LabException(LabErrorKind.NotFound, "ManifestNotFound", $"There is no manifest '{path}': give a file, a folder or a wildcard that matches one.")
                {
                    // As with kubectl delete deploy/web.
                    Advice = path.Split('/') is [{ Length: > 0 }, { Length: > 0 }] && !Path.HasExtension(path)
                        ? $"An object of the cluster comes through the pipeline: Get-LabResource {path} | {owner.MyInvocation.MyCommand.Name}" : null,
                },
                path);
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
                await foreach (ManifestItem item in ManifestReader.ReadPathAsync(path, Recurse, ForReview, cancellation))
                {
                    items.Add(item);
                }
            }
            catch (LabException e)
            {
                Fail(e, asked);
            }
        }
    });

    private void Fail(LabException e, object? asked)
    {
        Failed = true;
        problem(e, asked);
    }

    private void Add(IEnumerable<ManifestItem> more) => reads.Add(_ =>
    {
        items.AddRange(more);
        return Task.CompletedTask;
    });

    private void EndLines()
    {
        if (lines.Length > 0)
        {
            Add(ManifestReader.ReadText(lines.ToString(), review: ForReview));
            lines.Clear();
            inText = false;
        }
    }
}
