import { reportExposures } from '@flagstone/client/exposure';
console.log(reportExposures());
