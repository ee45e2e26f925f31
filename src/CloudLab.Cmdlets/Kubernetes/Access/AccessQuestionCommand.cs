using System.Management.Automation;
using CloudLab.Cmdlets.Kubernetes.Completers;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Cmdlets.Pipeline.Completers;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Kubernetes.Access;
using CloudLab.Core.Kubernetes.Client;

namespace CloudLab.Cmdlets.Kubernetes.Access;

/// <summary>Base of the cmdlets that ask about a verb and a kind.</summary>
public abstract class AccessQuestionCommand : KubeCommand
{
    /// <summary>Verbs: get, list, watch, create, update, patch, delete, deletecollection, or *; bind, escalate, impersonate and others where they are meant. For URLs, HTTP methods.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(AccessVerbCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Verb { get; set; } = [];

    /// <summary>Kinds, in any of the forms that kubectl accepts; with a subresource as roles name it: <c>pods/log</c>; * for everything, <c>*.apps</c> for a group. What begins with a slash is a URL.</summary>
    [Parameter(Position = 1, ValueFromPipelineByPropertyName = true)]
    [Alias("Resource")]
    [ArgumentCompleter(typeof(KindCompleter))]
    public string[]? Kind { get; set; }

    /// <summary>Names of objects; if omitted, all objects are meant, which a role for certain names does not allow.</summary>
    [Parameter(Position = 2, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(NameCompleter))]
    public string[]? Name { get; set; }

    /// <summary>A part of the objects: log, exec, scale, status.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(AccessSubresourceCompleter))]
    public string? Subresource { get; set; }

    /// <summary>Paths of the API server that are no objects: <c>/healthz</c>, <c>/metrics</c>.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Alias("Url")]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string[]? NonResourceUrl { get; set; }

    /// <summary>Group and version of -Kind, where several groups have a kind of that name: <c>apps/v1</c>. Piped objects have it with them.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(ApiVersionCompleter))]
    public string? ApiVersion { get; set; }

    /// <summary>Names of kinds, kinds of Get-LabKind, or objects with properties that the other parameters name.</summary>
    [Parameter(ValueFromPipeline = true)]
    public PSObject? InputObject { get; set; }

    /// <summary>Asks about all namespaces at once, which only a ClusterRoleBinding grants.</summary>
    [Parameter]
    [Alias("A")]
    public SwitchParameter AllNamespaces { get; set; }

    /// <summary>The questions of this input: each verb with each kind or URL and each name.</summary>
    /// <param name="reviewer">The cluster.</param>
    /// <param name="scope">The same.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>The requests. A kind that the cluster does not have is reported.</returns>
    private protected async Task<List<AccessRequest>> QuestionsAsync(AccessReviewer reviewer, KubeScope scope, CancellationToken cancellation)
    {
        // The name of a kind is its plural, and no object's.
        LabKind? whole = InputObject?.BaseObject as LabKind;
        string[] given = whole is not null ? [whole.Resource] : InputObject?.BaseObject is string text ? [text] : Given(Kind);
        string[] kinds = [.. given.SelectMany(kind => kind.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)).Select(Grouped), .. Given(NonResourceUrl)];
        if (kinds.Length == 0)
        {
            throw new LabException(LabErrorKind.InvalidArgument, "KindMissing", "Say what with: a kind, as in 'get pods', or -NonResourceUrl /healthz.");
        }

        if (Array.Find(Given(NonResourceUrl), url => !url.StartsWith('/')) is { } relative)
        {
            throw new LabException(LabErrorKind.InvalidArgument, "UrlInvalid", $"-NonResourceUrl '{relative}' does not begin with a slash: write /{relative}.");
        }

        string[] names = [.. Given(Name).Where(name => name != whole?.Name).DefaultIfEmpty("")];
        List<AccessRequest> requests = [];
        foreach (string verb in Verb.SelectMany(verb => verb.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)))
        {
            foreach (string kind in kinds)
            {
                try
                {
                    foreach (string name in kind.StartsWith('/') ? [""] : names)
                    {
                        requests.AddRange(await reviewer.ResolveAsync(
                            verb, kind, Subresource, name, AllNamespaces ? "" : NamespaceIn(scope), name == names[0] ? Reporter.Warning : static _ => { }, cancellation));
                    }
                }
                catch (LabException e) when (!e.StopsCommand)
                {
                    WriteProblem(e, kind);
                }
            }
        }

        return requests;
    }

    // A row of a CSV file has empty cells for what it leaves out.
    private static string[] Given(string[]? texts) => [.. (texts ?? []).Where(text => !string.IsNullOrWhiteSpace(text))];

    private string Grouped(string kind) =>
        ApiVersion?.Split('/') is [{ Length: > 0 } group, _] && !kind.AsSpan().ContainsAny('.', '/', '*') ? $"{kind}.{group}" : kind;
}
