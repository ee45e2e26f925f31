namespace CloudLab.Core.Identity.Trails;

/// <summary>
/// The resources of one action, generalised where they are many: a few names stay as they are, many names below the same folder become the folder.
/// Takes the same memory for ten names and for a million.
/// </summary>
internal sealed class ResourceSet
{
    /// <summary>The coarsest level: one resource for each bucket, table or kind of resource.</summary>
    public const int Coarsest = 2;

    private const int MaxExact = 6;
    private const int MaxGroups = 64;
    private const int MaxWritten = 12;

    private Dictionary<string, Group> groups = new(StringComparer.Ordinal);
    private int level;

    /// <summary>Adds a resource.</summary>
    /// <param name="arn">ARN as a policy has it, or <c>*</c>.</param>
    public void Add(string arn)
    {
        Add(groups, arn, arn);
        while (groups.Count > MaxGroups && level < Coarsest)
        {
            Coarsen();
        }
    }

    /// <summary>The resources.</summary>
    /// <param name="coarseness">Level that they are at least generalised to.</param>
    /// <returns>ARNs with wildcards, in order.</returns>
    public IReadOnlyList<string> Write(int coarseness)
    {
        while (level < Math.Min(coarseness, Coarsest) || (level < Coarsest && Written().Count > MaxWritten))
        {
            Coarsen();
        }

        List<string> written = Written();
        return written.Contains("*") ? ["*"] : written;
    }

    private List<string> Written() => [.. groups.Values.SelectMany(group => group.Write()).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];

    private void Coarsen()
    {
        level++;
        Dictionary<string, Group> coarser = new(StringComparer.Ordinal);
        foreach (Group group in groups.Values)
        {
            if (!coarser.TryGetValue(Parent(group.Common), out Group? target))
            {
                coarser[Parent(group.Common)] = target = new Group(group.Common);
            }

            target.Take(group);
        }

        groups = coarser;
    }

    private void Add(Dictionary<string, Group> into, string arn, string common)
    {
        string parent = Parent(common);
        if (!into.TryGetValue(parent, out Group? group))
        {
            into[parent] = group = new Group(arn);
        }

        group.Add(arn);
    }

    // What is grouped together: names in the same folder, then below the same first folder, then of the same bucket or kind.
    private string Parent(string arn)
    {
        int start = Start(arn);
        if (start < 0)
        {
            return arn;
        }

        if (level == 0)
        {
            return arn[..(Math.Max(arn.LastIndexOfAny(['/', ':']), start - 1) + 1)];
        }

        int slash = arn.IndexOfAny(['/', ':'], start);
        if (slash < 0)
        {
            return arn[..start];
        }

        int second = level == 1 ? arn.IndexOfAny(['/', ':'], slash + 1) : -1;
        return arn[..((second < 0 ? slash : second) + 1)];
    }

    // Where the name of the resource begins, after the fifth colon.
    private static int Start(string arn)
    {
        int place = -1;
        for (int i = 0; i < 5; i++)
        {
            place = arn.IndexOf(':', place + 1);
            if (place < 0)
            {
                return -1;
            }
        }

        return place + 1;
    }

    private sealed class Group(string first)
    {
        private readonly SortedSet<string> exact = new(StringComparer.Ordinal);
        private bool many;

        // Beginning of all names.
        public string Common { get; private set; } = first;

        public void Add(string arn)
        {
            Common = CommonOf(Common, arn);
            if (!many && exact.Add(arn) && exact.Count > MaxExact)
            {
                many = true;
                exact.Clear();
            }
        }

        public void Take(Group other)
        {
            Common = CommonOf(Common, other.Common);
            many |= other.many;
            if (!many)
            {
                exact.UnionWith(other.exact);
                many = exact.Count > MaxExact;
            }

            if (many)
            {
                exact.Clear();
            }
        }

        public IEnumerable<string> Write()
        {
            if (!many)
            {
                return exact;
            }

            // Up to the last folder: what the names begin with is chance.
            int start = Start(Common), end = Common.LastIndexOfAny(['/', ':']) + 1;
            return [start < 0 ? "*" : Common[..Math.Max(end, start)] + "*"];
        }

        private static string CommonOf(string left, string right) => left[..left.AsSpan().CommonPrefixLength(right)];
    }
}
