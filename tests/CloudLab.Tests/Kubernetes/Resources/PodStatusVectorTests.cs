using System.Globalization;
using System.Text.Json.Nodes;
using CloudLab.Core.Kubernetes.Resources.Kinds;
using CloudLab.Tests.Module;
using Xunit;

namespace CloudLab.Tests.Kubernetes.Resources;

/// <summary>The columns of kubectl get pods, as the API server of Kubernetes 1.36.2 answered for pods in every state (Autoscaling/Vectors/pod-status.json).</summary>
[Trait("Area", "Kubernetes")]
public sealed class PodStatusVectorTests
{
    private static readonly Lazy<Dictionary<string, JsonObject>> Cases = new(() => JsonNode.Parse(
        File.ReadAllText(Path.Combine(Repository.Folder, "tests", "CloudLab.Tests", "Autoscaling", "Vectors", "pod-status.json")))!["cases"]!
        .AsArray().Select(c => c!.AsObject()).ToDictionary(c => (string)c["id"]!));

    public static TheoryData<string> Ids => [.. Cases.Value.Keys];

    [Theory]
    [MemberData(nameof(Ids))]
    public void A_pod_has_the_columns_of_kubectl(string id)
    {
        JsonObject expected = Cases.Value[id]["out"]!.AsObject();
        LabPod pod = new((JsonObject)Cases.Value[id]["pod"]!.DeepClone());
        string restarts = (string)expected["restarts"]!;
        Assert.Equal(
            ((string)expected["name"]!, (string)expected["ready"]!, (string)expected["status"]!, restarts.Split(' ')[0], restarts.Contains(" ago", StringComparison.Ordinal)),
            (pod.Name, pod.Ready, pod.State, pod.Restarts.ToString(CultureInfo.InvariantCulture), pod.Restarts > 0 && pod.LastRestart is not null));
        Assert.Equal(((string)expected["ip"]!, (string)expected["node"]!), (pod.IP ?? "<none>", pod.Node ?? "<none>"));
    }
}
