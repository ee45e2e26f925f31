using System.Management.Automation;
using System.Text.Json.Nodes;
using CloudLab.Cmdlets.Kubernetes.Completers;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Cmdlets.Pipeline.Completers;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Kubernetes.Resources;

namespace CloudLab.Cmdlets.Kubernetes.Resources;

/// <summary>Changes Kubernetes objects of any kind: by a script, a patch, or in an editor.</summary>
/// <remarks>
/// <para>A script block gets each object as $_ and changes its fields; what differs afterwards is sent. Where somebody else changed the object meanwhile, it is read again and the script
/// runs again, so that neither change is lost. A field at the top that is missing is added by its name: $_['data'] = @{ key = 'value' }. An error in the script ends it, and that object stays as it was.</para>
/// <para>-Patch is sent as it is: a hashtable, or JSON or YAML text. -PatchType says how it is meant: Strategic (lists of containers, ports and the like are merged by name), Merge
/// (lists are replaced), Json (a list of operations). If omitted, it is Json for a list, Strategic for kinds of Kubernetes and Merge for custom resources.</para>
/// <para>Without either, the object opens as YAML in the editor that KUBE_EDITOR or EDITOR names, and what was changed is sent when the editor ends; an empty text changes nothing. Where the text
/// cannot be read, or the server refuses the change, the edited text is kept in a file that the error names.</para>
/// <para>Errors: NotFound; ScriptFailed; PatchInvalid; PatchTypeUnsupported; EditInvalid and EditorFailed for what comes back from the editor, EditConflict where somebody else changed the same field meanwhile, EditorMissing where there is none or nobody is at the
/// terminal; Invalid and Forbidden from the server.</para>
/// </remarks>
/// <example>
/// <para>Changes fields by a script.</para>
/// <code>
/// 'apiVersion: apps/v1
/// kind: Deployment
/// metadata: { name: movies }
/// spec:
///   selector: { matchLabels: { app: movies } }
///   template:
///     metadata: { labels: { app: movies } }
///     spec: { containers: [{ name: web, image: "movies:1" }] }' | Deploy-LabManifest
/// Edit-LabResource deploy/movies -Script { $_.Spec.Replicas = 2; $_.Spec.minReadySeconds = 5 }
/// </code>
/// </example>
/// <example>
/// <para>Changes fields by a patch.</para>
/// <code>Edit-LabResource deploy/movies -Patch @{ spec = @{ template = @{ spec = @{ containers = @(@{ name = 'web'; image = 'movies:2' }) } } } }</code>
/// </example>
/// <inputtype>Objects with the properties Kind, Name and Namespace, such as Get-LabResource writes.</inputtype>
[Cmdlet(VerbsData.Edit, "LabResource", SupportsShouldProcess = true, DefaultParameterSetName = PipedSet)]
[OutputType(typeof(LabResource))]
public sealed class EditLabResourceCommand : ResourceChangeCommand
{
    private const string PipedSet = "Piped", WholeSet = "Whole", NamedSet = "Named", PatchSet = "Patch", EditorSet = "Editor";

    // PowerShell takes a script block at the place of a parameter that comes from the pipeline for one that makes its value of what is piped. It looks at the default set first: there,
    // neither kind nor name has a place.
    /// <summary>
    /// Changes the object, which it gets as <c>$_</c>. Without -Script it comes last: behind <c>deploy/movies</c>, behind kind and name, or alone where objects are piped. Where only names are
    /// piped, write -Script.
    /// </summary>
    [Parameter(Position = 0, ParameterSetName = PipedSet)]
    [Parameter(Mandatory = true, Position = 1, ParameterSetName = WholeSet)]
    [Parameter(Mandatory = true, Position = 2, ParameterSetName = NamedSet)]
    [Alias("ScriptBlock")]
    [ValidateNotNull]
    public ScriptBlock? Script { get; set; }

    /// <inheritdoc/>
    [Parameter(ValueFromPipelineByPropertyName = true, ParameterSetName = PipedSet)]
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true, ParameterSetName = WholeSet)]
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true, ParameterSetName = NamedSet)]
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true, ParameterSetName = PatchSet)]
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true, ParameterSetName = EditorSet)]
    [Alias("Resource")]
    [ArgumentCompleter(typeof(KindCompleter))]
    [ValidateNotNullOrEmpty]
    public override string[] Kind { get; set; } = [];

    /// <inheritdoc/>
    [Parameter(ValueFromPipeline = true, ValueFromPipelineByPropertyName = true, ParameterSetName = PipedSet)]
    [Parameter(ValueFromPipeline = true, ValueFromPipelineByPropertyName = true, ParameterSetName = WholeSet)]
    [Parameter(Position = 1, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true, ParameterSetName = NamedSet)]
    [Parameter(Position = 1, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true, ParameterSetName = PatchSet)]
    [Parameter(Position = 1, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true, ParameterSetName = EditorSet)]
    [ArgumentCompleter(typeof(NameCompleter))]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public override string[]? Name { get; set; }

    /// <summary>The patch: a hashtable, or JSON or YAML text; a list of operations for a JSON patch.</summary>
    [Parameter(Mandatory = true, ParameterSetName = PatchSet)]
    [Alias("p")]
    [ValidateNotNull]
    [InputAsWritten]
    public object? Patch { get; set; }

    /// <summary>How the patch is meant; by its form and the kind if omitted.</summary>
    [Parameter(ParameterSetName = PatchSet)]
    [Alias("PT")]
    public ResourcePatchType? PatchType { get; set; }

    /// <summary>The part of the object that is changed: <c>status</c>, <c>scale</c>.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(SubresourceCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Subresource { get; set; }

    /// <summary>The command that opens a file for editing; if omitted, that of the environment variables KUBE_EDITOR or EDITOR.</summary>
    [Parameter(Mandatory = true, ParameterSetName = EditorSet)]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Editor { get; set; }

    /// <inheritdoc/>
    private protected override ResourceChange Change() =>
        Script is { } script ? ByScript(script, Subresource)
        : Patch is not null ? ByPatch(ResourceEditor.ReadPatch(PlainObject.Of(Patch)), Subresource)
        : ByEditor(ResourceTextEditor.Find(Editor), Subresource);

    // On the pipeline thread, where scripts run and the terminal is. What goes wrong is this object's own error, and the others go on.
    private async Task<T> HereAsync<T>(Func<T> work, ResourceTarget target)
    {
        (T? result, Exception? problem) = await AskAsync<(T?, Exception?)>(() =>
        {
            try
            {
                return (work(), null);
            }
            catch (Exception e) when (e is LabException or RuntimeException and not PipelineStoppedException)
            {
                return (default, e);
            }
        });
        return problem switch
        {
            null => result!,
            LabException known => throw known,
            _ => throw new LabException(LabErrorKind.InvalidData, "ScriptFailed", $"The script failed, so {target} was not changed: {(problem is ActionPreferenceStopException stop ? stop.ErrorRecord.ToString() : problem.Message)}", problem) { Target = target.ToString() },
        };
    }

    private ResourceChange ByScript(ScriptBlock script, string? subresource) => new("Edit", async (target, token) =>
        (await EditorFor(target).EditAsync(
            target.Resource, target.Namespace, target.Name,
            edited => HereAsync(() => Run(script, edited), target),
            PlainObject.Of, subresource, token)).Object);

    // Half of a script is no change that anybody asked for: its first error ends it.
    private static LabResource Run(ScriptBlock script, LabResource edited)
    {
        script.InvokeWithContext(null, [new PSVariable("_", edited), new PSVariable("ErrorActionPreference", ActionPreference.Stop)]);
        foreach (PSNoteProperty added in PSObject.AsPSObject(edited).Properties.OfType<PSNoteProperty>().Where(property => property.IsInstance))
        {
            // Add-Member, where the object has no such field yet.
            edited[added.Name] = added.Value;
        }

        return edited;
    }

    private ResourceChange ByPatch(JsonNode patch, string? subresource)
    {
        ResourcePatchType? asked = PatchType;
        return new ResourceChange("Patch", async (target, token) =>
        {
            ResourcePatchType type = asked ?? ResourceEditor.PatchTypeOf(patch, target.Resource);
            return await EditorFor(target).PatchAsync(target.Resource, target.Namespace, target.Name, type, patch, subresource, token);
        });
    }

    private ResourceChange ByEditor(ResourceTextEditor editor, string? subresource) => new("Edit", async (target, token) =>
    {
        string? edited = null;
        try
        {
            (LabResource after, bool changed) = await EditorFor(target).EditTextAsync(
                target.Resource, target.Namespace, target.Name,
                async text => edited = await HereAsync(() => editor.Edit(text, target.ToString()), target),
                subresource, token);
            if (!changed)
            {
                Reporter.Verbose($"{target}: nothing was changed");
            }

            return after;
        }
        catch (LabException e) when (edited is not null)
        {
            throw e.Retold($"{e.Message.TrimEnd('.')}. What was edited is kept in '{ResourceTextEditor.Keep(edited)}'.");
        }
    });
}
