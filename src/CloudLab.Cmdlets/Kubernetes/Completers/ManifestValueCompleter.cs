using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using CloudLab.Cmdlets.Pipeline;

namespace CloudLab.Cmdlets.Kubernetes.Completers;

/// <summary>Offers what is usual for a parameter of the manifest cmdlets; anything else may be given.</summary>
public sealed class ManifestValueCompleter : IArgumentCompleter
{
    private static readonly Dictionary<string, string[]> Values = new(StringComparer.OrdinalIgnoreCase)
    {
        ["Cpu"] = ["100m", "250m", "500m", "1"],
        ["CpuLimit"] = ["500m", "1", "2"],
        ["Memory"] = ["128Mi", "256Mi", "512Mi", "1Gi"],
        ["MemoryLimit"] = ["128Mi", "256Mi", "512Mi", "1Gi"],
        ["Role"] = ["clusterrole/admin", "clusterrole/edit", "clusterrole/view"],
        ["Schedule"] = ["0 2 * * *", "*/5 * * * *", "@hourly", "@daily"],
        ["Size"] = ["1Gi", "10Gi", "100Gi"],
        ["TakeOver"] = ["before-first-apply", "helm", "kubectl", "kubectl-create", "kubectl-edit", "kubectl-patch", "kubectl-replace", "kubectl-set"],
        ["Verb"] = ["create", "delete", "get", "list", "patch", "update", "watch"],
    };

    private static readonly string[] ServiceTypes = ["ClusterIP", "LoadBalancer", "NodePort"];
    private static readonly string[] SecretTypes = ["Opaque", "kubernetes.io/basic-auth", "kubernetes.io/dockerconfigjson", "kubernetes.io/tls"];

    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        Completion.Offers(
            parameterName.Equals("Type", StringComparison.OrdinalIgnoreCase)
                ? "Secret".Equals(Completion.Bound<string>(fakeBoundParameters, "Kind"), StringComparison.OrdinalIgnoreCase) ? SecretTypes : ServiceTypes
                : Values.GetValueOrDefault(parameterName, []),
            wordToComplete);
}
