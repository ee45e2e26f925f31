using System.Text.Json.Nodes;
using CloudLab.Emulator.Kubernetes.Api;
using CloudLab.Emulator.Kubernetes.Resources;
using CloudLab.Emulator.Kubernetes.Schema;
using CloudLab.Emulator.Kubernetes.Store;

namespace CloudLab.Emulator.Kubernetes.Controllers;

/// <summary>Makes kinds of CustomResourceDefinitions, and takes their objects away with them.</summary>
internal sealed class DefinitionController(Cluster cluster) : Controller(cluster)
{
    private const string Shelf = "apiextensions.k8s.io/customresourcedefinitions", Finalizer = "customresourcecleanup.apiextensions.k8s.io";

    private static readonly string[] Verbs = ["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"];

    /// <summary>Makes the kinds of all definitions that are established, at the start.</summary>
    public static void Register(ObjectService objects)
    {
        foreach (StoredObject stored in objects.Store.List(Shelf))
        {
            Register(objects.Registry, stored.Parse());
        }
    }

    public override IEnumerable<(string Namespace, string Name)> Affected(StoreEvent change)
    {
        if (change.Object.Shelf == Shelf)
        {
            return [change.Object.Key];
        }

        return change.IsDeletion ? Cluster.List(Shelf).Where(definition => definition.IsDeleting).Select(definition => definition.Key) : [];
    }

    public override TimeSpan? Reconcile(string ns, string name)
    {
        if (Cluster.Get(Shelf, "", name) is not { } definition)
        {
            string[] parts = name.Split('.', 2);
            Cluster.Registry.Replace(parts.Length > 1 ? parts[1] : "", parts[0], []);
            return null;
        }

        if (Pods.IsDeleting(definition))
        {
            return CleanUp(definition);
        }

        Register(Cluster.Registry, definition);
        JsonNode spec = definition["spec"]!;
        JsonObject status = new()
        {
            ["acceptedNames"] = spec["names"]!.DeepClone(),
            ["storedVersions"] = Json.List(definition.Texts("status", "storedVersions")
                .Union(spec.Items("versions").Where(version => version.Flag("storage")).Select(version => version.Text("name")!), StringComparer.Ordinal)),
        };
        Cluster.SetCondition(status, definition["status"], "NamesAccepted", true, "NoConflicts", "no conflicts found");
        Cluster.SetCondition(status, definition["status"], "Established", true, "InitialNamesAccepted", "the initial names have been accepted");
        Cluster.SetStatus(Shelf, definition, status, "kube-apiserver");
        if (!definition.Texts("metadata", "finalizers").Contains(Finalizer))
        {
            Cluster.Update(Shelf, "", name, live => live.Ensure("metadata").EnsureList("finalizers").Add(Finalizer), manager: "kube-apiserver");
        }

        return null;
    }

    private static void Register(ResourceRegistry registry, JsonObject definition)
    {
        JsonNode spec = definition["spec"]!;
        JsonNode? names = spec["names"];
        string group = spec.Text("group")!, plural = names.Text("plural")!;
        List<JsonObject> versions = [.. spec.Items("versions").Where(version => version.Flag("served"))];
        string stored = spec.Items("versions").First(version => version.Flag("storage")).Text("name")!;
        registry.Replace(group, plural, versions.OrderByDescending(version => version.Flag("storage")).Select(version => Kind(spec, names, group, plural, version, stored)).ToList());
    }

    private static ResourceKind Kind(JsonNode spec, JsonNode? names, string group, string plural, JsonObject version, string stored)
    {
        List<Subresource> parts = [];
        string kind = names.Text("kind")!;
        if (version.At("subresources", "status") is not null)
        {
            parts.Add(new Subresource("status", "", "", kind, ["get", "patch", "update"]));
        }

        JsonNode? scale = version.At("subresources", "scale");
        if (scale is not null)
        {
            parts.Add(new Subresource("scale", "autoscaling", "v1", "Scale", ["get", "patch", "update"]));
        }

        List<TableColumn> columns = [new("Name", "string", "name", 0, "")];
        columns.AddRange(version.Items("additionalPrinterColumns").Select(column => new TableColumn(
            column.Text("name") ?? "", column.Text("type") ?? "string", column.Text("format") ?? "", (int)(column.Number("priority") ?? 0), column.Text("description") ?? "")
        {
            JsonPath = column.Text("jsonPath"),
        }));
        if (columns.Count == 1)
        {
            columns.Add(new TableColumn("Age", "date", "", 0, ""));
        }

        return new ResourceKind
        {
            Group = group,
            Version = version.Text("name")!,
            Name = plural,
            Singular = names.Text("singular") ?? kind.ToLowerInvariant(),
            Kind = kind,
            ListKind = names.Text("listKind") ?? kind + "List",
            IsNamespaced = spec.Text("scope") == "Namespaced",
            Verbs = Verbs,
            ShortNames = [.. names.Texts("shortNames")],
            Categories = [.. names.Texts("categories")],
            Subresources = parts,
            Shape = CustomSchema.Read(version.At("schema", "openAPIV3Schema"), $"{group}.{version.Text("name")}.{kind}"),
            Schema = version.At("schema", "openAPIV3Schema")?.ToJsonString(),
            Columns = columns,
            IsCustom = true,
            Scale = scale is null ? null : new ScalePaths(scale.Text("specReplicasPath") ?? ".spec.replicas", scale.Text("statusReplicasPath") ?? ".status.replicas", scale.Text("labelSelectorPath")),
            StoredAs = stored,
        };
    }

    private TimeSpan? CleanUp(JsonObject definition)
    {
        string shelf = $"{definition.Text("spec", "group")}/{definition.Text("spec", "names", "plural")}";
        foreach (StoredObject stored in Cluster.List(shelf))
        {
            Cluster.Delete(shelf, stored.Namespace, stored.Name, stored.Uid);
        }

        if (Cluster.List(shelf).Count > 0)
        {
            return TimeSpan.FromMilliseconds(200);
        }

        Cluster.Update(Shelf, "", Cluster.NameOf(definition), live => Cluster.DropFinalizer(live, Finalizer), manager: "kube-apiserver");
        return null;
    }
}
