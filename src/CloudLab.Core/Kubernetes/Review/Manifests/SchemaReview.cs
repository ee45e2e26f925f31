using CloudLab.Core.Common;
using CloudLab.Core.Common.Review;
using CloudLab.Core.Kubernetes.Schema;

namespace CloudLab.Core.Kubernetes.Review.Manifests;

/// <summary>Reviews objects by the schemas of their kinds.</summary>
internal static class SchemaReview
{
    /// <summary>Compares all objects with the schemas of their kinds.</summary>
    /// <param name="set">The objects; the CustomResourceDefinitions among them count for the others.</param>
    /// <param name="patches">Patches of objects, of which only fields and their types are compared.</param>
    /// <param name="schemas">The schemas.</param>
    /// <returns>The findings.</returns>
    public static IEnumerable<LabManifestFinding> Check(ReviewedSet set, IEnumerable<ReviewedObject> patches, ManifestSchemas schemas)
    {
        SchemaLibrary library = schemas.With(set.OfKind("CustomResourceDefinition").Select(definition => definition.Content));
        foreach (ReviewedObject patch in patches)
        {
            if (library.TryFind(patch.ApiVersion, patch.Kind, out SchemaNode? schema) && schema is not null)
            {
                foreach (LabManifestFinding finding in SchemaWalk.Compare(patch, schema))
                {
                    yield return finding;
                }
            }
        }

        HashSet<(string, string)> told = [];
        foreach (ReviewedObject one in set.Objects)
        {
            bool known = library.TryFind(one.ApiVersion, one.Kind, out SchemaNode? schema);
            if (RemovedApis.Find(one.ApiVersion, one.Kind) is { } api && Old(one, api, set.KubernetesVersion, known) is { } old)
            {
                yield return old;
            }
            else if (known ? schema is null : schemas.IsForeign(library, one.ApiVersion))
            {
                if (told.Add((one.ApiVersion, one.Kind)))
                {
                    yield return one.Find(ManifestRule.NoSchema, "apiVersion", $"The fields of {one.Kind} ({one.ApiVersion}) are not checked: no schema of it is known.");
                }
            }
            else if (!known)
            {
                yield return Unknown(one, library);
            }
            else
            {
                foreach (LabManifestFinding finding in SchemaWalk.Compare(one, schema!))
                {
                    yield return finding;
                }
            }
        }
    }

    private static LabManifestFinding? Old(ReviewedObject one, RemovedApi api, Version version, bool known)
    {
        string action = api.Replacement is null ? api.Hint : $"Write apiVersion: {api.Replacement}. {api.Hint}".TrimEnd();
        return version >= api.Removed ? one.Find(
                ManifestRule.RemovedApiVersion, "apiVersion", $"Kubernetes {api.Removed} and later have no {api.Kind} of {api.ApiVersion}.", action)
            : version >= api.Deprecated ? one.Find(
                ManifestRule.DeprecatedApiVersion, "apiVersion", $"{api.Kind} of {api.ApiVersion} is deprecated since Kubernetes {api.Deprecated} and removed in {api.Removed}.", action)
            : known ? null
            : one.Find(ManifestRule.NoSchema, "apiVersion", $"The fields of {one.Kind} ({one.ApiVersion}) are not checked: no schema of it is known.");
    }

    private static LabManifestFinding Unknown(ReviewedObject one, SchemaLibrary library)
    {
        string[] versions = [.. library.Kinds.Where(known => known.Kind == one.Kind).Select(known => known.ApiVersion)];
        if (versions.Length > 0)
        {
            string right = versions.FirstOrDefault(version => version.Split('/')[0] == one.Group) ?? versions[0];
            return one.Find(
                ManifestRule.UnknownKind, "apiVersion", $"There is no {one.Kind} in {one.ApiVersion}; there is one in {SomeOf.Names(versions)}.", $"Write apiVersion: {right}.");
        }

        // A kind of somebody else's group is missing, not misspelled: a ServiceEntry of Istio is no ServiceCIDR.
        string? near = NearestNames.Find(one.Kind, library.Kinds.Where(known => known.ApiVersion == one.ApiVersion).Select(known => known.Kind))
            ?? (ManifestSchemas.IsGroupOfOthers(library, one.ApiVersion) ? null : NearestNames.Find(one.Kind, library.Kinds.Select(known => known.Kind)));
        return one.Find(
            ManifestRule.UnknownKind, "kind", $"There is no kind {one.Kind} in {one.ApiVersion}.{(near is null ? "" : $" Did you mean '{near}'?")}",
            near is null ? null : $"Write kind: {near}.");
    }
}
