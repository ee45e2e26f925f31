using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using CloudLab.Core.Kubernetes.Autoscaling;
using CloudLab.Core.Kubernetes.Client;
using Xunit;

namespace CloudLab.Tests.Kubernetes.Autoscaling;

/// <summary>
/// Measure-HpaReplicas says beforehand what the real controller then does: 40 autoscalers with metrics, pods and behavior by a fixed seed, twice each.
/// Their targets are custom resources, which nothing else changes. CLOUDLAB_TEST_AUTOSCALING names the kubeconfig of a control plane without metrics and nodes.
/// </summary>
[Trait("Area", "Kubernetes")]
[Trait("Server", "kubernetes")]
public sealed class HpaTwinTests() : KubeTest(KubeServer.Real)
{
    private const int Cases = 40;

    private static readonly string[] Kinds =
        ["cpuUtilization", "cpuAverage", "memoryUtilization", "container", "pods", "objectValue", "objectAverage", "externalValue", "externalAverage", "two"];

    [Fact]
    public async Task The_controller_does_what_was_said_beforehand()
    {
        Assert.SkipWhen(string.IsNullOrEmpty(Environment.GetEnvironmentVariable("CLOUDLAB_TEST_AUTOSCALING")), "CLOUDLAB_TEST_AUTOSCALING is not set");
        await using MetricsPlane plane = await MetricsPlane.StartAsync(Api, Namespace, Token);
        string group = $"{Namespace}.example";
        await DefineAsync(group);
        try
        {
            Random random = new(14);
            Situation[] all = [.. Enumerable.Range(0, Cases).Select(i => new Situation($"w{i}", Kinds[i % Kinds.Length], random))];
            foreach (Situation one in all)
            {
                await CreateAsync(plane, group, one);
            }

            // The controller learns of the new kind within half a minute.
            await CreateScalerAsync(group, all[0] with { Name = "probe", Target = all[0].Name });
            await MetricsPlane.UntilAsync(async () => (await ScalerAsync("probe")).Condition("AbleToScale")?.Text("reason") is { } reason && reason != "FailedGetScale", 120, "the kind was never known", Token);
            await Api.SendAsync(HttpMethod.Delete, $"/apis/autoscaling/v2/namespaces/{Namespace}/horizontalpodautoscalers/probe", null, null, Token);
            await Api.SendAsync(HttpMethod.Patch, $"/apis/{group}/v1/namespaces/{Namespace}/widgets/{all[0].Name}", Body(new JsonObject { ["spec"] = new JsonObject { ["replicas"] = all[0].Replicas } }), "application/merge-patch+json", Token);

            Dictionary<string, LabHpaDecision> said = [];
            foreach (Situation one in all)
            {
                await CreateScalerAsync(group, one);
                LabHpaDecision decision = Assert.Single((await RunAsync("Measure-HpaReplicas", new { one.Name })).Ok().OutputOf<LabHpaDecision>());
                Assert.Null(decision.LastDesiredReplicas);
                said[one.Name] = decision;
            }

            List<string> wrong = [];
            Dictionary<string, (int Spec, JsonObject Scaler)> did = [];
            await MetricsPlane.UntilAsync(
                async () =>
                {
                    foreach (Situation one in all.Where(one => !did.ContainsKey(one.Name)))
                    {
                        JsonObject scaler = await ScalerAsync(one.Name);
                        if (scaler.Condition("ScalingActive") is not null || scaler.Condition("AbleToScale")?.Text("reason") == "SucceededRescale")
                        {
                            did[one.Name] = (await ReplicasAsync(group, one.Name), scaler);
                        }
                    }

                    return did.Count == all.Length;
                },
                60, "the controller did not look at all of them", Token);
            foreach (Situation one in all)
            {
                (int spec, JsonObject scaler) = did[one.Name];
                long? status = scaler.Object("status")?.Number("desiredReplicas");
                bool failed = scaler.Condition("ScalingActive")?.Text("status") == "False";
                if (spec != said[one.Name].DesiredReplicas || (!failed && status != said[one.Name].DesiredReplicas))
                {
                    wrong.Add($"1 {one}: said {said[one.Name].DesiredReplicas} ({said[one.Name].Reason}), did {spec}, status {status}, {scaler.Object("status")?["conditions"]?.ToJsonString()}");
                }
            }

            Assert.True(wrong.Count == 0, $"{wrong.Count} of {all.Length}:\n{string.Join("\n", wrong)}");
            Assert.True(all.Count(one => said[one.Name].DesiredReplicas != said[one.Name].CurrentReplicas) >= Cases / 4, "hardly anything was scaled");

            // The metrics change, and what its status tells of its memory has to do.
            foreach (Situation one in all)
            {
                one.Load = random.Next(20, 250) / 100.0;
                Measure(plane, one);
            }

            Dictionary<string, LabHpaDecision> again = [];
            foreach (Situation one in all.Where(one => !one.HasPolicies))
            {
                again[one.Name] = Assert.Single((await RunAsync("Measure-HpaReplicas", new { one.Name })).Ok().OutputOf<LabHpaDecision>());
            }

            // It looks every 15 seconds; what it does first is compared.
            Dictionary<string, int> then = [];
            for (long end = Environment.TickCount64 + 17_000; Environment.TickCount64 < end; await Task.Delay(200, Token))
            {
                foreach ((string name, LabHpaDecision decision) in again.Where(one => !then.ContainsKey(one.Key)))
                {
                    int spec = await ReplicasAsync(group, name);
                    if (spec != decision.CurrentReplicas)
                    {
                        then[name] = spec;
                    }
                }
            }

            foreach (Situation one in all.Where(one => again.ContainsKey(one.Name)))
            {
                LabHpaDecision decision = again[one.Name];
                int spec = then.GetValueOrDefault(one.Name, decision.CurrentReplicas);
                if (spec != decision.DesiredReplicas)
                {
                    wrong.Add($"2 {one}: said {decision.DesiredReplicas} of {decision.CurrentReplicas} ({decision.LimitedBy}: {decision.Reason}), did {spec}, {(await ScalerAsync(one.Name)).Object("status")?.ToJsonString()}");
                }
            }

            int compared = again.Count;
            TestContext.Current.SendDiagnosticMessage("{0} first and {1} second steps compared", all.Length, compared);
            Assert.True(wrong.Count == 0, $"{wrong.Count} of {compared}:\n{string.Join("\n", wrong)}");
        }
        finally
        {
            await Api.SendAsync(HttpMethod.Delete, $"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.{group}", null, null, CancellationToken.None);
        }
    }

    private static byte[] Body(JsonObject content) => Encoding.UTF8.GetBytes(content.ToJsonString());

    private Task<JsonObject> ScalerAsync(string name) => Api.GetAsync($"/apis/autoscaling/v2/namespaces/{Namespace}/horizontalpodautoscalers/{name}", Token);

    private async Task<int> ReplicasAsync(string group, string name) =>
        (int)((await Api.GetAsync($"/apis/{group}/v1/namespaces/{Namespace}/widgets/{name}", Token)).Object("spec")?.Number("replicas") ?? -1);

    private async Task DefineAsync(string group)
    {
        await Api.SendAsync(HttpMethod.Post, "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", Body((JsonObject)JsonNode.Parse("""
            {"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"widgets.GROUP"},"spec":{"group":"GROUP","scope":"Namespaced",
             "names":{"plural":"widgets","singular":"widget","kind":"Widget"},"versions":[{"name":"v1","served":true,"storage":true,
             "schema":{"openAPIV3Schema":{"type":"object","x-kubernetes-preserve-unknown-fields":true}},
             "subresources":{"status":{},"scale":{"specReplicasPath":".spec.replicas","statusReplicasPath":".status.replicas","labelSelectorPath":".status.selector"}}}]}}
            """.Replace("GROUP", group, StringComparison.Ordinal))!), null, Token);
        await MetricsPlane.UntilAsync(
            async () => (await Api.CatalogAsync(Token, DateTimeOffset.UtcNow)).Find($"{group}/v1", "Widget") is not null, 30, "the kind was not served", Token);
    }

    private async Task CreateAsync(MetricsPlane plane, string group, Situation one)
    {
        string widgets = $"/apis/{group}/v1/namespaces/{Namespace}/widgets";
        await plane.ApplyAsync(widgets, new JsonObject { ["apiVersion"] = $"{group}/v1", ["kind"] = "Widget", ["metadata"] = new JsonObject { ["name"] = one.Name }, ["spec"] = new JsonObject { ["replicas"] = one.Replicas } });
        await Api.SendAsync(
            HttpMethod.Patch, $"{widgets}/{one.Name}/status", Body(new JsonObject { ["status"] = new JsonObject { ["replicas"] = one.StatusReplicas, ["selector"] = $"app={one.Name}" } }), "application/merge-patch+json", Token);
        foreach (Pod pod in one.Pods)
        {
            JsonObject[] containers = [.. new[] { "web", "side" }.Take(one.ContainerCount).Select(name => new JsonObject
            {
                ["name"] = name, ["image"] = "web:1",
                ["resources"] = one.LacksRequests ? new JsonObject() : new JsonObject { ["requests"] = new JsonObject { ["cpu"] = "200m", ["memory"] = "100Mi" } },
            })];
            await plane.ApplyAsync($"/api/v1/namespaces/{Namespace}/pods", new JsonObject
            {
                ["metadata"] = new JsonObject { ["name"] = pod.Name, ["labels"] = new JsonObject { ["app"] = one.Name } },
                ["spec"] = new JsonObject { ["containers"] = new JsonArray([.. containers]) },
            });
            string Ago(int seconds) => DateTimeOffset.UtcNow.AddSeconds(-seconds).ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
            await Api.SendAsync(HttpMethod.Patch, $"/api/v1/namespaces/{Namespace}/pods/{pod.Name}/status", Body(new JsonObject
            {
                ["status"] = new JsonObject
                {
                    ["phase"] = pod.Phase, ["startTime"] = Ago(pod.StartedAgo),
                    ["conditions"] = new JsonArray(new JsonObject { ["type"] = "Ready", ["status"] = pod.Ready ? "True" : "False", ["lastTransitionTime"] = Ago(pod.ChangedAgo) }),
                },
            }), "application/merge-patch+json", Token);
        }

        Measure(plane, one);
    }

    private async Task CreateScalerAsync(string group, Situation one)
    {
        JsonObject spec = new()
        {
            ["scaleTargetRef"] = new JsonObject { ["apiVersion"] = $"{group}/v1", ["kind"] = "Widget", ["name"] = one.Target },
            ["minReplicas"] = one.Min, ["maxReplicas"] = one.Max, ["metrics"] = JsonNode.Parse(one.MetricSpec()),
        };
        if (one.Behavior is { } behavior)
        {
            spec["behavior"] = JsonNode.Parse(behavior);
        }

        await Api.SendAsync(
            HttpMethod.Post, $"/apis/autoscaling/v2/namespaces/{Namespace}/horizontalpodautoscalers",
            Body(new JsonObject { ["apiVersion"] = "autoscaling/v2", ["kind"] = "HorizontalPodAutoscaler", ["metadata"] = new JsonObject { ["name"] = one.Name }, ["spec"] = spec }), null, Token);
    }

    private void Measure(MetricsPlane plane, Situation one)
    {
        JsonArray pods = [], custom = [];
        foreach (Pod pod in one.Pods.Where(pod => pod.Measured))
        {
            long cpu = (long)(200 * 0.5 * one.Load * pod.Share), memory = (long)(100 * 0.5 * one.Load * pod.Share);
            pods.Add(MetricsPlane.PodMetrics(Namespace, pod.Name, one.Name, [.. new[] { "web", "side" }.Take(one.ContainerCount).Select(name => (name, cpu, memory))]));
            custom.Add(new JsonObject
            {
                ["describedObject"] = new JsonObject { ["kind"] = "Pod", ["namespace"] = Namespace, ["name"] = pod.Name, ["apiVersion"] = "/v1" }, ["metric"] = new JsonObject { ["name"] = $"rps-{one.Name}" },
                ["timestamp"] = DateTimeOffset.UtcNow.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture), ["value"] = $"{(long)(10_000 * one.Load * pod.Share)}m",
            });
        }

        plane.Pods[one.Name] = pods;
        if (one.Kind is "pods" or "two")
        {
            plane.Values[$"rps-{one.Name}"] = custom;
        }

        string whole = $"{(long)(10_000 * one.Load * (one.Kind is "objectAverage" or "externalAverage" ? one.Replicas : 1))}m", now = DateTimeOffset.UtcNow.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
        if (one.Kind is "objectValue" or "objectAverage")
        {
            plane.Values[$"depth-{one.Name}"] =
            [
                new JsonObject
                {
                    ["describedObject"] = new JsonObject { ["kind"] = "Service", ["namespace"] = Namespace, ["name"] = "metrics", ["apiVersion"] = "v1" },
                    ["metric"] = new JsonObject { ["name"] = $"depth-{one.Name}" }, ["timestamp"] = now, ["value"] = whole,
                },
            ];
        }
        else if (one.Kind.StartsWith("external", StringComparison.Ordinal))
        {
            plane.Values[$"queue-{one.Name}"] = [new JsonObject { ["metricName"] = $"queue-{one.Name}", ["metricLabels"] = new JsonObject(), ["timestamp"] = now, ["value"] = whole }];
        }
    }

    private sealed record Pod(string Name, string Phase, bool Ready, int StartedAgo, int ChangedAgo, bool Measured, double Share);

    private sealed record Situation
    {
        public Situation(string name, string kind, Random random)
        {
            (Name, Target, Kind) = (name, name, kind);
            Replicas = random.Next(10) == 0 ? 0 : random.Next(1, 9);
            StatusReplicas = random.Next(4) == 0 ? Math.Max(0, Replicas + random.Next(-1, 2)) : Replicas;
            Min = random.Next(1, 4);
            Max = random.Next(4, 25);
            ContainerCount = random.Next(1, 3);
            LacksRequests = random.Next(10) == 0;
            Load = random.Next(5) == 0 ? 1 + (random.Next(-11, 12) / 100.0) : random.Next(10, 300) / 100.0;
            Behavior = random.Next(7) switch
            {
                0 or 1 => """{"scaleDown":{"stabilizationWindowSeconds":0}}""",
                2 => """{"scaleUp":{"policies":[{"type":"Pods","value":2,"periodSeconds":60}]},"scaleDown":{"stabilizationWindowSeconds":0,"policies":[{"type":"Percent","value":20,"periodSeconds":60}]}}""",
                3 => """{"scaleUp":{"selectPolicy":"Disabled"},"scaleDown":{"stabilizationWindowSeconds":0,"tolerance":"0.3"}}""",
                4 => """{"scaleDown":{"selectPolicy":"Disabled"},"scaleUp":{"stabilizationWindowSeconds":120}}""",
                _ => null,
            };
            Pods = [.. Enumerable.Range(0, StatusReplicas).Select(i => random.Next(8) switch
            {
                0 => new Pod($"{name}-{i}", "Pending", false, 500, 500, false, 1),
                1 => new Pod($"{name}-{i}", "Running", true, 3000, 2000, false, 1),
                2 => new Pod($"{name}-{i}", "Running", false, 130, 125, true, 1),
                3 => new Pod($"{name}-{i}", "Running", false, 3000, 600, true, 1),
                4 when random.Next(2) == 0 => new Pod($"{name}-{i}", "Failed", false, 3000, 600, false, 1),
                _ => new Pod($"{name}-{i}", "Running", true, 3000, 2000, true, random.Next(50, 150) / 100.0),
            })];
        }

        public string Name { get; init; }

        public string Target { get; init; }

        public string Kind { get; }

        public int Replicas { get; }

        public int StatusReplicas { get; }

        public int Min { get; }

        public int Max { get; }

        public int ContainerCount { get; }

        public bool LacksRequests { get; }

        public double Load { get; set; }

        public string? Behavior { get; }

        public bool HasPolicies => Behavior?.Contains("policies", StringComparison.Ordinal) == true;

        public Pod[] Pods { get; }

        public string MetricSpec() => MetricForm().Replace("NAME", Name, StringComparison.Ordinal);

        private string MetricForm() => Kind switch
        {
            "cpuUtilization" => """[{"type":"Resource","resource":{"name":"cpu","target":{"type":"Utilization","averageUtilization":50}}}]""",
            "cpuAverage" => """[{"type":"Resource","resource":{"name":"cpu","target":{"type":"AverageValue","averageValue":"100m"}}}]""",
            "memoryUtilization" => """[{"type":"Resource","resource":{"name":"memory","target":{"type":"Utilization","averageUtilization":50}}}]""",
            "container" => """[{"type":"ContainerResource","containerResource":{"name":"cpu","container":"web","target":{"type":"Utilization","averageUtilization":50}}}]""",
            "pods" => """[{"type":"Pods","pods":{"metric":{"name":"rps-NAME"},"target":{"type":"AverageValue","averageValue":"10"}}}]""",
            "objectValue" => """[{"type":"Object","object":{"metric":{"name":"depth-NAME"},"describedObject":{"apiVersion":"v1","kind":"Service","name":"metrics"},"target":{"type":"Value","value":"10"}}}]""",
            "objectAverage" => """[{"type":"Object","object":{"metric":{"name":"depth-NAME"},"describedObject":{"apiVersion":"v1","kind":"Service","name":"metrics"},"target":{"type":"AverageValue","averageValue":"10"}}}]""",
            "externalValue" => """[{"type":"External","external":{"metric":{"name":"queue-NAME"},"target":{"type":"Value","value":"10"}}}]""",
            "externalAverage" => """[{"type":"External","external":{"metric":{"name":"queue-NAME"},"target":{"type":"AverageValue","averageValue":"10"}}}]""",
            _ => """[{"type":"Resource","resource":{"name":"cpu","target":{"type":"Utilization","averageUtilization":50}}},{"type":"Pods","pods":{"metric":{"name":"rps-NAME"},"target":{"type":"AverageValue","averageValue":"20"}}}]""",
        };

        public override string ToString() => $"{Name} {Kind} {Replicas}/{StatusReplicas} in {Min}-{Max}, load {Load:0.00}, {Behavior ?? "no behavior"}";
    }
}
