namespace CloudLab.Core.Autoscaling.Vpa;

/// <summary>
/// The recommender's histogram: buckets that grow by 5 %, and samples that lose half of their weight with each half-life. Floating-point
/// arithmetic step by step as in kubernetes/autoscaler, vertical-pod-autoscaler/pkg/recommender/util, because sums in another order differ.
/// </summary>
internal sealed class VpaHistogram
{
    private const double Ratio = 1 + 0.05;
    private const double Epsilon = 0.001 * 0.1;

    // An exponent beyond this moves the reference time.
    private const int LargestDecayExponent = 100;

    // Unix time counted from the year 1, where the recommender's half-lives are counted from.
    private const long UnixEpochMs = 62_135_596_800_000;

    private readonly double firstBucket;
    private readonly long halfLifeMs;
    private readonly double[] weights;
    private double total;
    private int lowest;
    private int highest;
    private long? referenceMs;

    private VpaHistogram(double largest, double firstBucket, TimeSpan halfLife)
    {
        this.firstBucket = firstBucket;
        halfLifeMs = (long)halfLife.TotalMilliseconds;
        weights = new double[(int)Math.Ceiling(Log((largest * (Ratio - 1) / firstBucket) + 1)) + 1];
        lowest = weights.Length - 1;
    }

    /// <summary>True where no sample has any weight.</summary>
    public bool IsEmpty => weights[lowest] < Epsilon;

    /// <summary>A histogram for CPU in cores.</summary>
    /// <param name="halfLife">Time in which a sample loses half of its weight.</param>
    /// <returns>The histogram, empty.</returns>
    public static VpaHistogram Cpu(TimeSpan halfLife) => new(1000, 0.01, halfLife);

    /// <summary>A histogram for memory in bytes.</summary>
    /// <param name="halfLife">Time in which a sample loses half of its weight.</param>
    /// <returns>The histogram, empty.</returns>
    public static VpaHistogram Memory(TimeSpan halfLife) => new(1e12, 1e7, halfLife);

    /// <summary>Adds a sample.</summary>
    /// <param name="value">Value.</param>
    /// <param name="weight">Weight before decay.</param>
    /// <param name="timeMs">Unix milliseconds.</param>
    public void Add(double value, double weight, long timeMs)
    {
        double decayed = weight * Decay(timeMs);
        int bucket = Bucket(value);
        weights[bucket] += decayed;
        total += decayed;
        if (bucket < lowest && weights[bucket] >= Epsilon)
        {
            lowest = bucket;
        }

        if (bucket > highest && weights[bucket] >= Epsilon)
        {
            highest = bucket;
        }
    }

    /// <summary>Takes a sample out again.</summary>
    /// <param name="value">Value.</param>
    /// <param name="weight">Weight before decay.</param>
    /// <param name="timeMs">Unix milliseconds.</param>
    public void Subtract(double value, double weight, long timeMs)
    {
        double decayed = weight * Decay(timeMs);
        int bucket = Bucket(value);
        total = Rest(total, decayed);
        weights[bucket] = Rest(weights[bucket], decayed);
        FindEnds();
    }

    /// <summary>Adds all samples of another histogram of the same kind; moves the reference time of either.</summary>
    /// <param name="other">The other one.</param>
    public void Merge(VpaHistogram other)
    {
        if (other.referenceMs is { } theirs && (referenceMs is null || referenceMs < theirs))
        {
            Shift(theirs);
        }
        else if (referenceMs is { } ours && (other.referenceMs is null || other.referenceMs < ours))
        {
            other.Shift(ours);
        }

        for (int bucket = other.lowest; bucket <= other.highest; bucket++)
        {
            weights[bucket] += other.weights[bucket];
        }

        total += other.total;
        lowest = Math.Min(lowest, other.lowest);
        highest = Math.Max(highest, other.highest);
    }

    /// <summary>The end of the bucket below which a share of the samples lies.</summary>
    /// <param name="share">0 to 1.</param>
    /// <returns>The value; 0 without samples.</returns>
    public double Percentile(double share)
    {
        if (IsEmpty)
        {
            return 0;
        }

        double sum = 0, threshold = share * total;
        int bucket = lowest;
        for (; bucket < highest; bucket++)
        {
            sum += weights[bucket];
            if (sum >= threshold)
            {
                break;
            }
        }

        return Start(bucket < weights.Length - 1 ? bucket + 1 : bucket);
    }

    /// <summary>
    /// A whole power by squaring, as Go's library works it out. The last bit matters: one byte more is hundreds more after the multiplication by
    /// what is lacking in history.
    /// </summary>
    /// <param name="number">Above 0.</param>
    /// <param name="exponent">Whole exponent.</param>
    /// <returns>The power.</returns>
    internal static double Power(double number, int exponent)
    {
        if (!double.IsFinite(number))
        {
            return exponent < 0 ? 0 : number;
        }

        int scale = Math.ILogB(number) + 1, scales = 0;
        double factor = Math.ScaleB(number, -scale), power = 1;
        for (int rest = Math.Abs(exponent); rest != 0; rest >>= 1)
        {
            if ((rest & 1) == 1)
            {
                power *= factor;
                scales += scale;
            }

            factor *= factor;
            scale <<= 1;
            if (factor < 0.5)
            {
                factor += factor;
                scale--;
            }
        }

        return exponent < 0 ? Math.ScaleB(1 / power, -scales) : Math.ScaleB(power, scales);
    }

    private static double Rest(double value, double sub) => value - sub is var rest && rest < Epsilon ? 0 : rest;

    private static double Log(double value) => Math.Log(value) / Math.Log(Ratio);

    private int Bucket(double value) =>
        value < firstBucket ? 0 : Math.Min((int)Log((value * (Ratio - 1) / firstBucket) + 1), weights.Length - 1);

    private double Start(int bucket) => bucket == 0 ? 0 : firstBucket * (Power(Ratio, bucket) - 1) / (Ratio - 1);

    private double Decay(long timeMs)
    {
        if (referenceMs is null || timeMs > referenceMs + (halfLifeMs * LargestDecayExponent))
        {
            Shift(timeMs);
        }

        return Math.Pow(2, (timeMs - referenceMs!.Value) / (double)halfLifeMs);
    }

    // The reference is always a whole number of half-lives.
    private void Shift(long timeMs)
    {
        long since = timeMs + UnixEpochMs, rest = since % halfLifeMs;
        long rounded = since - rest + (rest + rest < halfLifeMs ? 0 : halfLifeMs) - UnixEpochMs;
        // Without a reference there are no samples yet: nothing to scale.
        double factor = referenceMs is { } before ? Math.ScaleB(1, (int)Math.Floor(((before - rounded) / (double)halfLifeMs) + 0.5)) : 0;
        for (int bucket = lowest; bucket <= highest; bucket++)
        {
            weights[bucket] *= factor;
        }

        total *= factor;
        FindEnds();
        referenceMs = rounded;
    }

    private void FindEnds()
    {
        while (weights[lowest] < Epsilon && lowest < weights.Length - 1)
        {
            lowest++;
        }

        while (weights[highest] < Epsilon && highest > 0)
        {
            highest--;
        }
    }
}
