using System.Collections;
using System.Management.Automation;
using System.Text;
using System.Text.Json.Nodes;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Autoscaling.Manifests;
using CloudLab.Core.Common;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Kubernetes.Manifests;
using CloudLab.Core.Kubernetes.Resources;

namespace CloudLab.Cmdlets.Autoscaling.Inputs;

/// <summary>Manifests as a parameter or the pipeline brings them: files, folders, text, lines of text, objects.</summary>
/// <param name="cmdlet">The cmdlet that was given them.</param>
internal sealed class ManifestInput(PSCmdlet cmdlet)
{
    // In the order of the inputs. Files are read later: not on the pipeline thread.
    private readonly List<Func<CancellationToken, Task<List<JsonObject>>>> reads = [];
    private readonly StringBuilder lines = new();
    private readonly List<string> files = [];

    /// <summary>The name of the file, where it is one; empty otherwise.</summary>
    public string Source => files.Count == 1 && reads.Count == 1 ? Path.GetFileName(files[0]) : "";

    /// <summary>What a parameter was given. On the pipeline thread.</summary>
    /// <param name="cmdlet">The cmdlet that was given it.</param>
    /// <param name="given">A path, text, an object, or a list of these; null where nothing was given.</param>
    /// <returns>The input; null where nothing was given.</returns>
    public static ManifestInput? Of(PSCmdlet cmdlet, object? given)
    {
        if (given is null)
        {
            return null;
        }

        ManifestInput input = new(cmdlet);
        input.Add(given);
        return input;
    }

    /// <summary>An object as JSON, with its status.</summary>
    /// <param name="value">Output of Get-LabResource, or anything that PowerShell makes of JSON and hashtables.</param>
    /// <returns>The JSON.</returns>
    public static JsonNode? Json(object? value) => PlainObject.Of(value) switch
    {
        LabResource resource => JsonNode.Parse(resource.ToJson()),
        { } plain => ObjectJson.Of(plain),
        null => null,
    };

    /// <summary>Adds what was given. On the pipeline thread.</summary>
    /// <param name="given">A path, text, an object, or a list of these.</param>
    public void Add(object? given)
    {
        switch (PlainObject.Of(given))
        {
            case null:
                break;
            case string text when text.Contains('\n', StringComparison.Ordinal) || (lines.Length == 0 && text.AsSpan().TrimStart() is ['{', ..]):
                EndLines();
                reads.Add(_ => Task.FromResult(ManifestObjects.Read(text, "")));
                break;
            // In the middle of a text, a line that happens to be called like a file is none.
            case string path when lines.Length == 0 && IsPath(path):
                AddPath(path, literal: false);
                break;
            case string line:
                lines.AppendLine(line);
                break;
            case FileSystemInfo file:
                AddFile(file.FullName);
                break;
            case IEnumerable many and not IDictionary:
                foreach (object? one in many)
                {
                    Add(one);
                }

                break;
            default:
                EndLines();
                List<JsonObject> objects = ManifestObjects.Of(Json(given));
                reads.Add(_ => Task.FromResult(objects));
                break;
        }
    }

    /// <summary>Adds files or folders. On the pipeline thread.</summary>
    /// <param name="paths">Paths with wildcards.</param>
    /// <param name="literalPaths">Paths as they are.</param>
    public void AddPaths(string[] paths, string[] literalPaths)
    {
        foreach (string path in paths)
        {
            AddPath(path, literal: false);
        }

        foreach (string path in literalPaths)
        {
            AddPath(path, literal: true);
        }
    }

    /// <summary>Adds files or folders. On the pipeline thread.</summary>
    /// <param name="path">Path.</param>
    /// <param name="literal">Whether it has no wildcards.</param>
    public void AddPath(string path, bool literal)
    {
        foreach (string found in literal ? [FilePath.Of(cmdlet, path)] : FilePath.Meant(cmdlet, path))
        {
            AddFile(found);
        }
    }

    /// <summary>Reads everything.</summary>
    /// <param name="cancellation">Stops reading.</param>
    /// <returns>The objects, in the order of the inputs.</returns>
    public async Task<List<JsonObject>> ReadAsync(CancellationToken cancellation)
    {
        EndLines();
        List<JsonObject> objects = [];
        foreach (Func<CancellationToken, Task<List<JsonObject>>> read in reads)
        {
            objects.AddRange(await read(cancellation));
        }

        return objects;
    }

    private bool IsPath(string text) => text.Length > 0
        && (ManifestReader.IsManifestName(text) || !(text.Contains(':', StringComparison.Ordinal) || text.TrimStart() is ['#' or '-', ..]) || File.Exists(FilePath.Of(cmdlet, text)));

    private void AddFile(string path)
    {
        EndLines();
        if (!Directory.Exists(path))
        {
            files.Add(path);
            reads.Add(cancellation => ManifestObjects.ReadFileAsync(path, cancellation));
            return;
        }

        string[] inside;
        try
        {
            inside = ManifestReader.FilesIn(path, recurse: true);
        }
        catch (LabException e)
        {
            // Without a part of the manifests the sums would be wrong.
            throw e.Stopping();
        }

        if (inside.Length == 0)
        {
            throw new LabException(LabErrorKind.NotFound, "NoManifest", $"There is no .yaml, .yml or .json file in '{path}'.") { Target = path, StopsCommand = true };
        }

        foreach (string file in inside)
        {
            AddFile(file);
        }
    }

    private void EndLines()
    {
        if (lines.Length > 0)
        {
            string text = lines.ToString();
            lines.Clear();
            reads.Add(_ => Task.FromResult(ManifestObjects.Read(text, "")));
        }
    }
}
