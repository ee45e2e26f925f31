using System.Management.Automation;
using CloudLab.Cmdlets.Kubernetes.Completers;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Kubernetes.Resources;

namespace CloudLab.Cmdlets.Kubernetes.Resources;

/// <summary>Base of the cmdlets that work on objects of any kind, named as for kubectl: kind and name, <c>kind/name</c>, wildcards, selectors, piped objects.</summary>
public abstract class ResourceTargetCommand : ResourceTargetBase
{
    /// <summary>Kinds, in any of the forms that kubectl accepts: <c>pods</c>, <c>deploy</c>, <c>Deployment</c>, <c>deployments.apps</c>, <c>all</c>, <c>pod/movies-0</c>.</summary>
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true)]
    [Alias("Resource")]
    [ArgumentCompleter(typeof(KindCompleter))]
    [ValidateNotNullOrEmpty]
    public virtual string[] Kind { get; set; } = [];

    /// <summary>Names; wildcards are allowed. A name can have its kind with it: <c>deploy/movies</c>.</summary>
    [Parameter(Position = 1, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(NameCompleter))]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public virtual string[]? Name { get; set; }

    /// <summary>Group and version of -Kind, where several groups have a kind of that name: <c>apps/v1</c>. Piped objects have it with them.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(ApiVersionCompleter))]
    public string? ApiVersion { get; set; }

    /// <summary>The kind that is meant where none is given; null where one has to be.</summary>
    private protected virtual string? DefaultKind => null;

    /// <summary>True where a kind without names and selectors means all its objects: for what changes nothing.</summary>
    private protected virtual bool TakesWholeKinds => false;

    /// <inheritdoc/>
    private protected override string? GivenApiVersion => ApiVersion;

    /// <inheritdoc/>
    private protected override List<AskedKind> Asked() => AskedFor(Name);

    /// <summary>The kinds that this input names, where it has these names.</summary>
    /// <param name="given">What stands for <see cref="Name"/>.</param>
    /// <returns>Kinds as they were written.</returns>
    private protected List<AskedKind> AskedFor(string[]? given)
    {
        // kubectl's pod/movies-0, which may stand for the kind, or for the name where no kind is given. Beside a kind it is a name, and not a valid one.
        string[] kinds = [.. Kind.SelectMany(text => text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))];
        string[] plain = [.. kinds.Where(kind => !IsWhole(kind))];
        string[] whole = [.. kinds.Where(IsWhole), .. plain.Length == 0 ? (given ?? []).Where(IsWhole) : []];
        List<AskedKind> asked = [.. whole.Select(one => new AskedKind(one.Split('/', 2)[0], [one.Split('/', 2)[1]]))];
        string[]? names = given is null || (plain.Length == 0 && Array.TrueForAll(given, IsWhole)) ? null : plain.Length > 0 ? given : [.. given.Where(name => !IsWhole(name))];
        if (plain.Length == 0 && (asked.Count == 0 || names is not null))
        {
            plain = [DefaultKind ?? throw Incomplete("KindMissing", $"{(asked.Count > 0 ? $"'{names![0]}' was taken for a name, and its kind is missing: give other values with their parameter, and n" : "N")}ame the kind of the objects, as in deploy/movies or -Kind deployments -Name movies.")];
        }
        else if (names is null && plain.Length > 0 && !TakesWholeKinds && LabelSelector is null && FieldSelector is null)
        {
            throw Incomplete("SelectionMissing", $"Say which {plain[0]} are meant: -Name, where * means all, or -LabelSelector.");
        }

        return [.. plain.Select(kind => new AskedKind(kind, names)), .. asked];

        static bool IsWhole(string text) => text.Contains('/', StringComparison.Ordinal);
        static LabException Incomplete(string code, string message) => new(LabErrorKind.InvalidArgument, code, message);
    }

    /// <summary>Who changes an object.</summary>
    /// <param name="target">The object.</param>
    /// <returns>An editor for its cluster.</returns>
    private protected static ResourceEditor EditorFor(ResourceTarget target) => new(target.Api, target.Object.Context);

    /// <summary>Changes the objects that this input means, as many at once as <see cref="Pipeline.LabCommand.ConcurrentInputs"/> allows.</summary>
    /// <param name="change">The change.</param>
    /// <param name="changed">Takes an object as it was found, and as it is afterwards.</param>
    /// <param name="cancellation">Ends the search.</param>
    /// <returns>Done when all changes have begun.</returns>
    private protected async Task ChangeEachAsync(ResourceChange change, Func<ResourceTarget, LabResource, CancellationToken, Task> changed, CancellationToken cancellation)
    {
        await foreach (ResourceTarget target in TargetsAsync(cancellation))
        {
            if (await ShouldProcessAsync($"{target} on {target.Api.Address}", change.Action))
            {
                await StartAsync(target.ToString(), async token =>
                {
                    if (await change.Run(target, token) is { } after)
                    {
                        await changed(target, after, token);
                    }
                });
            }
        }
    }
}

/// <summary>A change of objects.</summary>
/// <param name="Action">What <c>-WhatIf</c> calls it.</param>
/// <param name="Run">Does it to one object; gives the object afterwards, or null to write nothing.</param>
internal sealed record ResourceChange(string Action, Func<ResourceTarget, CancellationToken, Task<LabResource?>> Run);
