using System.Text.Json.Nodes;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Resources;

namespace CloudLab.Core.Kubernetes.Insight;

/// <summary>Which objects others name, by the fields that name them, and by text where a program may read them.</summary>
internal sealed class ResourceUses
{
    private readonly HashSet<(string Kind, string Namespace, string Name)> used = [];
    private readonly HashSet<(string Namespace, string Word)> words = [];

    /// <summary>Whether something names an object.</summary>
    /// <param name="kind">Its kind.</param>
    /// <param name="ns">Its namespace.</param>
    /// <param name="name">Its name.</param>
    /// <returns>True if so.</returns>
    public bool Has(string kind, string ns, string name) => used.Contains((kind, ns, name));

    /// <summary>Whether a name stands in what programs of the namespace are given, or in a custom resource.</summary>
    /// <param name="ns">The namespace.</param>
    /// <param name="name">The name.</param>
    /// <returns>True if so.</returns>
    public bool Mentions(string ns, string name) => words.Contains((ns, name)) || words.Contains(("", name));

    /// <summary>Notes that an object is used.</summary>
    /// <param name="kind">Its kind.</param>
    /// <param name="ns">Its namespace.</param>
    /// <param name="name">Its name; nothing is noted for null.</param>
    public void Add(string kind, string? ns, string? name)
    {
        if (name is not null)
        {
            used.Add((kind, ns ?? "", name));
        }
    }

    /// <summary>Notes what the pods of an object name.</summary>
    /// <param name="spec">Spec of a pod or template.</param>
    /// <param name="ns">The namespace.</param>
    /// <param name="pod">Name of the pod; null for a template.</param>
    public void AddPod(JsonObject spec, string ns, string? pod)
    {
        foreach (PodReference reference in PodReferences.Of(spec, pod))
        {
            Add(reference.Kind, ns, reference.Name);
        }

        // --configmap=$(POD_NAMESPACE)/settings: the program reads it itself.
        foreach (JsonObject container in PodTemplate.Containers(spec))
        {
            AddWords(container.Texts("command").Concat(container.Texts("args")).Concat(container.Objects("env").Select(one => one.Text("value")).OfType<string>()), ns);
        }
    }

    /// <summary>Notes every text of an object: which fields of a custom resource name something, only its controller knows.</summary>
    /// <param name="content">The object.</param>
    /// <param name="ns">Its namespace; empty for one that has none.</param>
    public void AddTexts(JsonNode? content, string ns)
    {
        switch (content)
        {
            case JsonObject map:
                foreach ((string key, JsonNode? value) in map.Where(pair => pair.Key is not ("metadata" or "status")))
                {
                    AddWords([key], ns);
                    AddTexts(value, ns);
                }

                break;
            case JsonArray list:
                foreach (JsonNode? item in list)
                {
                    AddTexts(item, ns);
                }

                break;
            case JsonValue value:
                AddWords([value.ToString()], ns);
                break;
        }
    }

    // Names of objects are made of letters, digits, dots and dashes; a scheme, a key or a namespace may stand around them.
    private void AddWords(IEnumerable<string> texts, string ns)
    {
        foreach (string text in texts)
        {
            int start = -1;
            for (int at = 0; at <= text.Length; at++)
            {
                if (at < text.Length && (char.IsAsciiLetterOrDigit(text[at]) || text[at] is '-' or '.'))
                {
                    start = start < 0 ? at : start;
                }
                else if (start >= 0)
                {
                    words.Add((ns, text[start..at].Trim('-', '.')));
                    start = -1;
                }
            }
        }
    }
}
