using System.Collections;
using System.Management.Automation;
using CloudLab.Cmdlets.Kubernetes.Completers;
using CloudLab.Core.Kubernetes.Resources;

namespace CloudLab.Cmdlets.Kubernetes.Resources;

/// <summary>Sets and removes annotations of Kubernetes objects of any kind.</summary>
/// <remarks>
/// <para>Annotations that are not named stay as they are; one with the value $null is removed. An annotation that has another value already is an error unless -Overwrite is given, and then
/// nothing of the object is changed.</para>
/// <para>The pods of a workload keep theirs: those come from its pod template.</para>
/// <para>Errors: NotFound; ValueExists where an annotation has another value; AnnotationMissing; Invalid for a key or value that the server refuses; Forbidden.</para>
/// </remarks>
/// <example>
/// <para>Sets one annotation and removes another.</para>
/// <code>
/// 'apiVersion: apps/v1
/// kind: Deployment
/// metadata: { name: movies }
/// spec:
///   selector: { matchLabels: { app: movies } }
///   template:
///     metadata: { labels: { app: movies } }
///     spec: { containers: [{ name: web, image: "movies:1" }] }' | Deploy-LabManifest
/// Set-LabAnnotation deploy/movies -Annotation @{ 'kubernetes.io/change-cause'='new theme'; old=$null }
/// </code>
/// </example>
/// <example>
/// <para>Replaces a value in all ConfigMaps of the namespace.</para>
/// <code>Get-LabResource configmaps | Set-LabAnnotation -Annotation @{ owner='films' } -Overwrite</code>
/// </example>
/// <inputtype>Objects with the properties Kind, Name and Namespace, such as Get-LabResource writes.</inputtype>
/// <seealso cref="SetLabLabelCommand"/>
/// <seealso cref="EditLabResourceCommand"/>
[Cmdlet(VerbsCommon.Set, "LabAnnotation", SupportsShouldProcess = true, DefaultParameterSetName = NamedSet)]
[OutputType(typeof(LabResource))]
public sealed class SetLabAnnotationCommand : ResourceChangeCommand
{
    private const string NamedSet = "Named", WholeSet = "Whole";

    /// <inheritdoc cref="ResourceTargetCommand.Name"/>
    [Parameter(Position = 1, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true, ParameterSetName = NamedSet)]
    [ArgumentCompleter(typeof(NameCompleter))]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public override string[]? Name { get; set; }

    /// <summary>Annotations by name; $null removes one: <c>@{ 'kubernetes.io/change-cause'='new theme'; old=$null }</c>, or as for kubectl <c>owner=films, old-</c>.</summary>
    [Parameter(Position = 2, ParameterSetName = NamedSet)]
    [Parameter(Mandatory = true, Position = 1, ParameterSetName = WholeSet)]
    [Marks]
    [ValidateNotNullOrEmpty]
    public IDictionary Annotation { get; set; } = new Hashtable();

    /// <summary>Replaces values that are there.</summary>
    [Parameter]
    public SwitchParameter Overwrite { get; set; }

    /// <inheritdoc/>
    protected override void OnBegin()
    {
        string[]? names = Name;
        Annotation = ResourceMarks.Given(Annotation, Kind, ref names, "annotation", "Set-LabAnnotation deploy/movies owner=films");
        Name = names;
        base.OnBegin();
    }

    /// <inheritdoc/>
    private protected override ResourceChange Change() => Mark("annotation", "annotations", Annotation, Overwrite);
}
