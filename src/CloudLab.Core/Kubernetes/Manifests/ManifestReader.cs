using System.Collections;
using System.IO.Enumeration;
using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using CloudLab.Core.Common;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Common.Streams;
using CloudLab.Core.Common.Yaml;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Resources;
using CloudLab.Core.Kubernetes.Review.Manifests;
using CloudLab.Core.Kubernetes.Schema;
using CloudLab.Core.Sessions;

namespace CloudLab.Core.Kubernetes.Manifests;

/// <summary>
/// Reads manifests: files and folders, text, objects; YAML with many documents, JSON, lists. A document with a mistake
/// comes out as its own item, with the line and the column.
/// </summary>
public static class ManifestReader
{
    private const string Input = "input";
    private static readonly string[] Extensions = [".yaml", ".yml", ".json"];

    /// <summary>Whether a name is one that manifest files have.</summary>
    /// <param name="name">A name or path.</param>
    /// <returns>True for <c>.yaml</c>, <c>.yml</c> and <c>.json</c>.</returns>
    public static bool IsManifestName(string name) => Extensions.Contains(Path.GetExtension(name), StringComparer.OrdinalIgnoreCase);

    /// <summary>Reads a file, the manifests in a folder in the order of their names, or what kubectl builds of a kustomization folder.</summary>
    /// <param name="path">The file or folder.</param>
    /// <param name="recurse">Whether folders in the folder are read too.</param>
    /// <param name="review">Whether it is read for a review: with the place of everything, and duplicate keys in the items, not as warnings.</param>
    /// <param name="cancellation">Stops reading.</param>
    /// <returns>Its items; a bad one for a file that cannot be read. Throws <see cref="LabException"/> for a folder that cannot be read or holds no manifest.</returns>
    public static async IAsyncEnumerable<ManifestItem> ReadPathAsync(
        string path, bool recurse = false, bool review = false, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        if (Kustomize.FolderOf(path) is { } folder)
        {
            foreach (ManifestItem item in ReadText(await Kustomize.BuildAsync(folder, LabEnvironment.Process, cancellation), folder))
            {
                yield return item;
            }

            yield break;
        }

        string[] files = [path];
        bool inFolder = Directory.Exists(path);
        if (inFolder)
        {
            files = FilesIn(path, recurse);
            if (files.Length == 0)
            {
                throw new LabException(
                    LabErrorKind.NotFound, "NoManifest",
                    $"There is no .yaml, .yml or .json file in '{path}'{(recurse ? "" : "; use -Recurse to include subfolders")}.") { Target = path };
            }
        }

        KustomizeFiles? kustomized = review ? new() : null;
        foreach (string file in files.Where(file => file == path || MayHaveContent(file)))
        {
            bool? isPatch = kustomized?.IsPatch(Path.GetFullPath(file));
            if (inFolder && isPatch == false)
            {
                RequestLog.Current.Verbose($"{file}: a file of kustomize, not an object.");
                continue;
            }

            IEnumerable<ManifestItem> items;
            try
            {
                items = ReadText(await ReadAsync(file, cancellation), file, review);
                items = isPatch == true ? Patches(items) : inFolder && review ? Manifests([.. items], file) : items;
                items = kustomized?.IsBeside(Path.GetFullPath(file)) == true ? items.Select(Kustomized) : items;
            }
            catch (LabException e)
            {
                // The other files of the folder have their turn.
                items = [ManifestItem.Bad(file, 0, 0, e)];
            }

            foreach (ManifestItem item in items)
            {
                yield return item;
            }
        }
    }

    /// <summary>Reads a text.</summary>
    /// <param name="text">YAML or JSON.</param>
    /// <param name="source">What to call it in messages.</param>
    /// <param name="review">Whether it is read for a review.</param>
    /// <returns>Its items.</returns>
    public static IEnumerable<ManifestItem> ReadText(string text, string source = Input, bool review = false)
    {
        IgnoreComments? comments = review ? IgnoreComments.Of(text) : null;
        foreach (SourceDocument document in SourceReader.Read(SourceText.WithoutMarks(text), mapped: review))
        {
            foreach (DuplicateKey twice in review ? [] : document.Duplicates)
            {
                RequestLog.Current.Warning($"{source}: {twice}.");
            }

            IEnumerable<ManifestItem> items = document.Problem is { } problem
                ? [ManifestItem.Bad(source, document.Number, document.Line, new LabException(
                    LabErrorKind.InvalidData, "ManifestSyntax",
                    $"{source}: line {problem.Line}, column {problem.Column}: {problem.Reason}.") { Target = source }, problem.Reason, new SourceMark(problem.Line, problem.Column))]
                : Items(document.Content!, source, document.Number, document.Line, new SourceMark(document.Line, 1), document.Map);
            bool first = true, other = review && document.Problem is null && IsOther(document.Content!);
            foreach (ManifestItem item in items)
            {
                item.IsOther = other;
                item.Duplicates = first ? document.Duplicates : [];
                item.Comments = comments;
                first = false;
                yield return item;
            }
        }
    }

    /// <summary>Reads an object that somebody made: what Get-LabResource gave, or a dictionary.</summary>
    /// <param name="value">A <see cref="LabResource"/> or a dictionary with <c>apiVersion</c>, <c>kind</c> and <c>metadata</c>.</param>
    /// <param name="number">Its number among the inputs.</param>
    /// <param name="namesOnly">
    /// True where only kind, name and namespace matter, so that results (<see cref="ManifestResult"/>) and objects that lost fields
    /// on their way will do.
    /// </param>
    /// <param name="plain">Makes .NET's objects of what somebody put into a resource; null where nothing else can be there.</param>
    /// <returns>Its items.</returns>
    public static IEnumerable<ManifestItem> ReadObject(object value, int number, bool namesOnly = false, Func<object?, object?>? plain = null)
    {
        try
        {
            return Objects(value, number, namesOnly, plain);
        }
        catch (LabException e) when (e.Code == "ValueInvalid")
        {
            return [Unusable(value, number, e)];
        }
    }

    /// <summary>An item for an object that cannot be read.</summary>
    /// <param name="value">The object.</param>
    /// <param name="number">Its number among the inputs.</param>
    /// <param name="problem">What is wrong with it.</param>
    /// <returns>The item.</returns>
    public static ManifestItem Unusable(object? value, int number, LabException problem) => ManifestItem.Bad(
        Input, number, 0, new LabException(LabErrorKind.InvalidData, "ManifestInvalid", $"{Input}: {problem.Message}", problem) { Target = value });

    /// <summary>The manifests in a folder.</summary>
    /// <param name="folder">Full path.</param>
    /// <param name="recurse">Whether folders in the folder are looked into too.</param>
    /// <returns>Their full paths, in the order of their names. Throws <see cref="LabException"/> (<c>ManifestUnreadable</c>) where a folder cannot be read.</returns>
    public static string[] FilesIn(string folder, bool recurse)
    {
        try
        {
            // Links to files are followed and links to folders are not, as kubectl does: they may lead round in circles.
            return
            [
                .. new FileSystemEnumerable<string>(
                    folder, (ref FileSystemEntry entry) => entry.ToFullPath(),
                    new EnumerationOptions { AttributesToSkip = 0, IgnoreInaccessible = false, RecurseSubdirectories = recurse })
                {
                    ShouldIncludePredicate = (ref FileSystemEntry entry) => !entry.IsDirectory && IsManifestName(entry.FileName.ToString()),
                    ShouldRecursePredicate = (ref FileSystemEntry entry) => (entry.Attributes & FileAttributes.ReparsePoint) == 0,
                }.Order(StringComparer.Ordinal),
            ];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unreadable("folder", folder, e);
        }
    }

    private static IEnumerable<ManifestItem> Objects(object value, int number, bool namesOnly, Func<object?, object?>? plain)
    {
        switch (value)
        {
            case LabResource resource:
                return Items(Applicable(resource.ToObject(plain)), Input, number, 0);
            case ManifestResult result when namesOnly:
                return Items(Names(result.ApiVersion, result.Kind, result.Name, result.Namespace), Input, number, 0);
            case IDictionary map when ObjectJson.Of(map) is JsonObject json:
                if (namesOnly && json.Text("apiVersion") is null && json.Text("ApiVersion") is { } version && json.Text("Kind") is { } kind)
                {
                    json = Names(version, kind, json.Text("Name") ?? "", json.Text("Namespace"));
                }

                return Items(json, Input, number, 0);
            default:
                return [ManifestItem.Bad(Input, number, 0, new LabException(
                    LabErrorKind.InvalidData, "ManifestInvalid",
                    $"A {value.GetType().Name} is not a manifest: pass YAML or JSON text, a hashtable, or the output of Get-LabResource.") { Target = value })];
        }
    }

    // What lists operations, or has no name because its kustomization says what it is for, is a patch all the same.
    private static IEnumerable<ManifestItem> Patches(IEnumerable<ManifestItem> items)
    {
        foreach (ManifestItem item in items.Where(item => item.Problem is null || item.Problem.Code == "ManifestSyntax"))
        {
            item.IsPatch = true;
            yield return item;
        }
    }

    private static ManifestItem Kustomized(ManifestItem item)
    {
        item.IsKustomized = true;
        return item;
    }

    // A folder of a project has other files, too: they are not mistaken manifests.
    private static ManifestItem[] Manifests(ManifestItem[] items, string file)
    {
        if (items.Length == 0 || !Array.TrueForAll(items, item => item.IsOther))
        {
            return items;
        }

        RequestLog.Current.Verbose($"{file}: no objects of Kubernetes.");
        return [];
    }

    // Neither a kind that Kubernetes has or had nor a group and the metadata that a custom resource has: the settings of a kubelet have a group, too.
    private static bool IsOther(JsonNode content)
    {
        if (content is not JsonObject map)
        {
            return true;
        }

        string? apiVersion = map.Text("apiVersion"), kind = map.Text("kind");
        string group = apiVersion?.Split('/') is [var first, _] ? first : "";
        bool hasMetadata = map.Object("metadata") is not null;
        return apiVersion is null && kind is null ? !(hasMetadata && map.Object("spec") is not null)
            : !TableSchemas.Kinds.Any(known => known.Kind == kind) && RemovedApis.Find(apiVersion ?? "", kind ?? "") is null
                && (apiVersion is null || !(group.Contains('.', StringComparison.Ordinal) || TableSchemas.Kinds.Any(known => known.ApiVersion == apiVersion)) || !hasMetadata);
    }

    // .NET does not tell a pipe from an empty file. One that happens to be in a folder is not waited for; one that is named is read.
    private static bool MayHaveContent(string file)
    {
        try
        {
            FileInfo info = new(file);
            return (info.LinkTarget is null ? info : info.ResolveLinkTarget(returnFinalTarget: true)) is not FileInfo { Exists: true, Length: 0 };
        }
        catch (IOException)
        {
            // A circle of links: reading the file will say so.
            return true;
        }
    }

    private static async Task<string> ReadAsync(string file, CancellationToken cancellation)
    {
        try
        {
            await using FileStream stream = await InputFile.OpenAsync(file, cancellation);
            using MemoryStream all = new();

            // To read a pipe cannot be interrupted: where its writer is silent it is left to end by itself.
            await stream.CopyToAsync(all, cancellation).WaitAsync(cancellation);
            return SourceText.Decode(all.GetBuffer().AsSpan(0, (int)all.Length));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw Unreadable("manifest", file, e);
        }
        catch (TimeoutException e)
        {
            throw new LabException(
                LabErrorKind.ReadFailed, "ManifestUnreadable", $"The manifest '{file}' cannot be opened: it is a pipe without a writer.", e) { Target = file };
        }
    }

    private static LabException Unreadable(string what, string path, Exception e) => new(
        e is FileNotFoundException or DirectoryNotFoundException ? LabErrorKind.NotFound : LabErrorKind.ReadFailed,
        "ManifestUnreadable", $"The {what} '{path}' cannot be read: {e.Message.ReplaceLineEndings(" ")}", e) { Target = path };

    private static JsonObject Names(string apiVersion, string kind, string name, string? ns)
    {
        JsonObject metadata = new() { ["name"] = name };
        if (ns is not null)
        {
            metadata["namespace"] = ns;
        }

        return new JsonObject { ["apiVersion"] = apiVersion, ["kind"] = kind, ["metadata"] = metadata };
    }

    // What the server made up about a live object is no part of what somebody wants.
    private static JsonObject Applicable(JsonObject live)
    {
        live.Remove("status");
        if (live.Object("metadata") is { } metadata)
        {
            foreach (string field in new[] { "uid", "resourceVersion", "generation", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "selfLink" })
            {
                metadata.Remove(field);
            }
        }

        return live;
    }

    // As kubectl: the items of a ConfigMapList are ConfigMaps of its version where they do not say what they are. A plain List says nothing of its items.
    private static JsonNode Typed(JsonNode item, JsonObject list)
    {
        if (item is JsonObject map && list.Text("kind")![..^"List".Length] is { Length: > 0 } kind && (map.Text("kind") is null || map.Text("apiVersion") is null))
        {
            (map["apiVersion"], map["kind"]) = (list.Text("apiVersion"), kind);
        }

        return item;
    }

    private static IEnumerable<ManifestItem> Items(JsonNode content, string source, int document, int line, SourceMark? at = null, SourceMap? map = null)
    {
        string place = line == 0 ? source : $"{source} line {line}";
        if (content is not JsonObject members)
        {
            return [Bad("a manifest is a mapping with apiVersion, kind and metadata")];
        }

        if ((members.Text("kind")?.EndsWith("List", StringComparison.Ordinal) ?? false) && members["items"] is JsonArray list)
        {
            // The items must leave the list to become objects of their own.
            JsonNode?[] items = [.. list];
            SourceMark?[] marks = [.. items.Select((_, i) => map?.Of(list, i) ?? at)];
            list.Clear();
            return items.SelectMany((item, i) => item is null
                ? [Bad($"item {i + 1} of the {members.Text("kind")} is empty")]
                : Items(Typed(item, members), source, document, line, marks[i], map));
        }

        foreach (string field in new[] { "apiVersion", "kind" })
        {
            if (members.Text(field) is null)
            {
                return [Bad($"'{field}' is missing or not a string")];
            }
        }

        if (members.Object("metadata") is not { } metadata || (metadata.Text("name") ?? metadata.Text("generateName")) is null)
        {
            return [Bad(members.Text("apiVersion")!.StartsWith("kustomize.config.k8s.io/", StringComparison.Ordinal)
                ? $"a {members.Text("kind")} is a kustomize file, not a resource of the cluster: give its folder by itself, which kubectl then builds (Deploy-LabManifest <folder>)"
                : members.Object("metadata")?["name"] is JsonValue ? $"metadata.name of the {members.Text("kind")} must be a string: put it in quotes"
                : $"the {members.Text("kind")} has no 'metadata.name'")];
        }

        // Both would be refused by server-side apply, and neither says what somebody wants.
        metadata.Remove("managedFields");
        if (metadata["creationTimestamp"] is null)
        {
            metadata.Remove("creationTimestamp");
        }

        return [ManifestItem.Of(source, document, line, members, at, map)];

        ManifestItem Bad(string why) => ManifestItem.Bad(
            source, document, line, new LabException(LabErrorKind.InvalidData, "ManifestInvalid", $"{place}: {why}.") { Target = source }, why, at);
    }
}
