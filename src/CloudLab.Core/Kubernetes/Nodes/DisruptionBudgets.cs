using System.Globalization;
using System.Text.Json.Nodes;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Resources;

namespace CloudLab.Core.Kubernetes.Nodes;

/// <summary>Which disruption budget keeps a pod, and by which numbers. What the server answers with does not always say it.</summary>
/// <param name="api">The cluster.</param>
internal sealed class DisruptionBudgets(KubernetesApi api)
{
    /// <summary>Names the budgets of a pod.</summary>
    /// <param name="pod">The pod.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>Each budget with its numbers; null where none selects the pod, or they cannot be read.</returns>
    public async Task<string?> DescribeAsync(DrainPod pod, CancellationToken cancellation)
    {
        JsonObject[] budgets;
        try
        {
            budgets =
            [
                .. (await api.GetAsync($"/apis/policy/v1/namespaces/{Uri.EscapeDataString(pod.Namespace)}/poddisruptionbudgets", cancellation)).Objects("items")
                    .Where(budget => LabelMatch.BySelector(budget.Object("spec")?.Object("selector"), pod.Content.Labels())),
            ];
        }
        catch (LabException)
        {
            // It only adds to what is told anyway.
            return null;
        }

        return budgets.Length == 0 ? null : string.Join("; ", budgets.Select(Describe));
    }

    private static string Describe(JsonObject budget)
    {
        JsonObject spec = budget.Object("spec") ?? [], status = budget.Object("status") ?? [];
        string rule = spec["minAvailable"] is { } least ? $"minAvailable {least}" : $"maxUnavailable {spec["maxUnavailable"]?.ToString() ?? "?"}";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"PodDisruptionBudget {budget.Object("metadata")?.Text("name")} ({rule}): {status.Number("currentHealthy") ?? 0} of {status.Number("expectedPods") ?? 0} pods are healthy, {status.Number("desiredHealthy") ?? 0} have to be, {status.Number("disruptionsAllowed") ?? 0} may go");
    }
}
